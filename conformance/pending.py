"""Operations that are still to come, with an input that the service model allows."""

# Decoded and checked like all others, then refused in plain words: they launch something, or read
# what was launched.
PENDING = {
    "CreateProvisionedProductPlan": {
        "PlanName": "plan",
        "PlanType": "CLOUDFORMATION",
        "ProductId": "prod-a",
        "ProvisionedProductName": "network",
        "ProvisioningArtifactId": "pa-a",
    },
    "DeleteProvisionedProductPlan": {"PlanId": "plan-a"},
    "DescribeProvisionedProduct": {"Id": "pp-a"},
    "DescribeProvisionedProductPlan": {"PlanId": "plan-a"},
    "DescribeRecord": {"Id": "rec-a"},
    "DescribeServiceActionExecutionParameters": {
        "ProvisionedProductId": "pp-a",
        "ServiceActionId": "act-a",
    },
    "ExecuteProvisionedProductPlan": {"PlanId": "plan-a"},
    "ExecuteProvisionedProductServiceAction": {
        "ProvisionedProductId": "pp-a",
        "ServiceActionId": "act-a",
    },
    "GetProvisionedProductOutputs": {"ProvisionedProductId": "pp-a"},
    "ImportAsProvisionedProduct": {
        "ProductId": "prod-a",
        "ProvisioningArtifactId": "pa-a",
        "ProvisionedProductName": "network",
        "PhysicalId": "arn:aws:cloudformation:us-east-1:111111111111:stack/network/1",
    },
    "ListProvisionedProductPlans": {},
    "ListRecordHistory": {},
    "ListStackInstancesForProvisionedProduct": {"ProvisionedProductId": "pp-a"},
    "NotifyProvisionProductEngineWorkflowResult": {
        "WorkflowToken": "token",
        "RecordId": "rec-a",
        "Status": "SUCCEEDED",
    },
    "NotifyTerminateProvisionedProductEngineWorkflowResult": {
        "WorkflowToken": "token",
        "RecordId": "rec-a",
        "Status": "SUCCEEDED",
    },
    "NotifyUpdateProvisionedProductEngineWorkflowResult": {
        "WorkflowToken": "token",
        "RecordId": "rec-a",
        "Status": "SUCCEEDED",
    },
    "ProvisionProduct": {
        "ProductId": "prod-a",
        "ProvisioningArtifactId": "pa-a",
        "ProvisionedProductName": "network",
    },
    "ScanProvisionedProducts": {},
    "SearchProvisionedProducts": {},
    "TerminateProvisionedProduct": {"ProvisionedProductId": "pp-a"},
    "UpdateProvisionedProduct": {"ProvisionedProductId": "pp-a"},
    "UpdateProvisionedProductProperties": {
        "ProvisionedProductId": "pp-a",
        "ProvisionedProductProperties": {"OWNER": "arn:aws:iam::111111111111:role/Owner"},
    },
}
