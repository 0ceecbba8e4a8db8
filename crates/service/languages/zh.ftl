# Simplified Chinese. A message for each refusal, status detail and rule of the model, under its
# variant's name; a lone field is $it. What a caller gave, and ids, stay as they are.

NoSuchProduct = { $it } 不存在或访问被拒绝
NoSuchProductNamed = 找不到名为 { $it } 的产品
SeveralProductsNamed = 找到多个名为 { $it } 的产品。
NoSuchArtifact = 找不到预置构件 { $it }。
NoSuchArtifactNamed = 找不到名为 { $it } 的预置构件。
SeveralArtifactsNamed = 找到多个名为 { $it } 的预置构件。
NoSuchPortfolio = 找不到产品组合 { $it }。
NoSuchShare = 产品组合 { $portfolio } 未与 { $recipient } 共享。
NoShareToAccept = 找不到产品组合：{ $it }
NotAssociated = 产品 { $product } 未与产品组合 { $portfolio } 关联。
NoSuchCopy = 找不到复制操作 { $it }。
CopyEnded = 复制操作 { $copy } 已结束：{ $state }。
CopyNotFailed = 复制操作 { $copy } 的状态为 { $state }。只能重试 FAILED 的复制。
NoSuchUpload = 找不到上传的模板 { $it }。
UploadName = “{ $it }”不能用作模板名称：最多 128 个字母、数字、点、连字符和下划线，首字符须为字母或数字。
ExactlyOneOf = 请只指定以下其中一项：{ $it }。
NotAWebAddress = { $member } 必须以 http:// 或 https:// 开头。
ArtifactInfo = Info 必须且只能包含 LoadTemplateFromURL 和 ImportFromPhysicalId 其中之一。
NoArtifactParameters = 必须指定 ProvisioningArtifactParameters。
SourceConnection = 不支持 SourceConnection：Mimeo 不与代码仓库同步。请改为指定带有 LoadTemplateFromURL 的 ProvisioningArtifactParameters。
PhysicalId = 不支持 ImportFromPhysicalId：Mimeo 没有可读取的 CloudFormation 堆栈。请改为指定 LoadTemplateFromURL。
InvalidTemplate = templateBody 无效。请确保模板有效（{ $it }）
TemplateUrl = 无法使用模板的 URL：{ $it }
MarketplaceProduct = MARKETPLACE 类型的产品只能由 AWS Marketplace 创建。
ArtifactTypeMismatch = 产品类型 { $product_type } 不支持所指定的预置构件类型。
NotAProductArn = “{ $it }”不是产品的 ARN：arn:aws:catalog:REGION:ACCOUNT:product/prod-…。
NoArtifactIdentifier = SourceProvisioningArtifactIdentifiers 的每一项都必须包含 Id。
CopyTypeMismatch = 类型为 { $from } 的产品不能复制到类型为 { $to } 的产品。
TagKeyTwice = 标签键“{ $it }”重复指定。
TagKeyReserved = 标签键“{ $it }”以保留的 aws: 开头。
PageToken = PageToken 不是此操作在此区域返回给此账户的令牌。
TokenReused = IdempotencyToken 此前已与其他参数一起使用。新请求请使用新令牌。
ShareWithOwner = 账户 { $it } 已拥有该产品组合。
ShareOfForeignProducts = 产品组合 { $it } 包含共享给您的产品，不能再次共享。
SharedWithYou = { $it } 是共享给您的，只有其所有者可以更改。
SharePrincipalsWithAccount = SharePrincipals 只能用于与组织或组织单位的共享。
NoOrganization = 此服务器不知道任何组织。请先描述组织：其 ID、管理账户、组织单位和账户。
NotAdministrator = 账户 { $it } 既不是组织的管理账户，也不是委托管理员。
NotManagementAccount = 账户 { $it } 不是组织的管理账户。
OrganizationsAccessDisabled = 尚未启用对组织的访问。管理账户可使用 EnableAWSOrganizationsAccess 启用。
DelegatesRegistered = 组织仍有委托管理员时，不能禁用对组织的访问 ({ $delegates_count })。
NoSuchNode = 找不到组织节点 { $it }。
HalfANode = OrganizationNode 必须同时包含 Type 和 Value。
NotANode = “{ $value }”不是 Type 为 { $node_type } 的 OrganizationNode 的 Value。
NoSuchShareOperation = 找不到产品组合共享操作 { $it }。
LeaveOrganizationShare = 产品组合 { $it } 通过组织共享，只有其所有者可以终止共享。
ProductHolds = 产品 { $product } 仍有关联的 { $what }
ArtifactHolds = 预置构件 { $it } 仍有关联的服务操作
PortfolioHolds = 产品组合 { $portfolio } 仍有关联的 { $what }
LastArtifact = { $it } 必须至少有一个预置构件
TooManyProducts = 该账户在此区域已有 { $products_max } 个产品，达到配额。
TooManyPortfolios = 该账户在此区域已有 { $portfolios_max } 个产品组合，达到配额。
TooManyProductsInPortfolio = 产品组合 { $portfolio } 已有 { $products_max } 个产品，达到配额。
TooManyArtifacts = 产品 { $product } 已有 { $artifacts_max } 个预置构件，达到配额。
TooManyShares = 产品组合 { $portfolio } 的共享数已达到配额 { $shares_max }。
TooManyTags = 一个资源最多可有 { $tags_max } 个标签。
TooManyUploads = 该账户已保存 { $uploads_max } 个上传的模板，达到配额。
TooManyCopies = 超出速率：该账户有 { $copies_max } 个复制正在进行。请稍后重试。

# tag_options
NoSuchTagOption = 找不到 TagOption { $it }。
NoSuchResource = 找不到资源 { $it }。
TagOptionNotAssociated = TagOption { $tag_option } 未与 { $resource } 关联。
TagOptionAssociated = TagOption { $tag_option } 已与 { $resource } 关联。
SameTagOption = 键为“{ $key }”、值为“{ $value }”的 TagOption 已存在。
TagOptionInUse = TagOption { $it } 仍与产品组合或产品关联。
NotAResourceType = ResourceType 必须是 Portfolio 或 Product，不能是“{ $it }”。
TooManyTagOptionValues = TagOption 键“{ $key }”已有 { $values_max } 个值，达到配额。
TooManyTagOptions = { $resource } 已有 { $tag_options_max } 个 TagOption，达到配额。

# budgets
BudgetNotAssociated = 预算 { $budget } 未与 { $resource } 关联。
BudgetAssociated = 预算 { $budget } 已与 { $resource } 关联。
TooManyBudgets = { $resource } 已有 { $budgets_max } 个预算，达到上限。

# service_actions
NoSuchServiceAction = 找不到服务操作 { $it }。
ServiceActionDefinition = Definition 无效：{ $it }。
ServiceActionAssociated = 服务操作 { $action } 已与预置构件 { $artifact } 关联。
ServiceActionNotAssociated = 服务操作 { $action } 未与预置构件 { $artifact } 关联。
ServiceActionInUse = 服务操作 { $action } 仍有关联的预置构件（{ $artifacts_count }）
TooManyServiceActions = 该账户在此区域已有 { $service_actions_max } 个服务操作，达到配额。
TooManyServiceActionsOfArtifact = 预置构件 { $artifact } 已有 { $service_actions_max } 个服务操作，达到配额。

## Status details of copies

SOURCE_NOT_FOUND = 源产品 { $product } 在读取之前已被删除。请复制其他产品。
SOURCE_ARTIFACT_NOT_FOUND = 源版本 { $artifact } 在读取之前已被删除。请去掉它后重新复制。
SOURCE_ACCESS_REMOVED = 复制过程中，对源产品 { $product } 的访问权限已被取消。请让其所有者共享包含它的产品组合，接受共享后重新复制。
SOURCE_UNAVAILABLE = 在复制的期限（一小时）之前未能连接源区域 { $region }。请在其恢复后重新复制。
TARGET_NOT_FOUND = 复制过程中，目标产品 { $product } 已被删除。请指定其他目标，或不指定目标以新建产品。
TARGET_TYPE_MISMATCH = 目标产品 { $product } 的类型为 { $target }，源的类型为 { $source }。请复制到与源类型相同的产品。
CONTENT_VERIFICATION = 源版本 { $artifact } 的模板缺失或与记录的摘要不符。其所有者必须重新创建该版本；其他版本请按 ID 复制。
PRODUCT_QUOTA = 目标账户在此区域已有 { $products_max } 个产品，达到配额。请删除一些产品或提高配额后重新复制。
ARTIFACT_QUOTA = 目标产品 { $product } 的版本数将超过配额 { $artifacts_max }。请减少复制的版本，或先删除一些版本。
TAG_QUOTA = 目标产品的标签数将超过配额 { $tags_max }。请不带 CopyTags 复制，或先删除一些标签。
DEADLINE = 复制未在一小时的期限内完成。请重新复制；如果再次发生，请向运维人员索取该复制令牌的日志。
CANCELLED = 复制在完成之前已被取消。没有创建任何内容。请重试，或重新复制。
INTERNAL = 内部错误，参考号 { $reference }。请重新复制；如果再次发生，请向运维人员索取该参考号的日志。

## Rules of the service model

Violations = 检测到 { $count } 个验证错误：{ $violations }
ViolationOfValue = '{ $at }' 处的值 '{ $value }' 不满足约束：{ $rule }
ViolationOfNull = '{ $at }' 处的值 null 不满足约束：{ $rule }
NotNull = 成员不能为 null
LengthAtMost = 成员长度必须小于或等于 { $it }
LengthAtLeast = 成员长度必须大于或等于 { $it }
ValueAtMost = 成员的值必须小于或等于 { $it }
ValueAtLeast = 成员的值必须大于或等于 { $it }
Pattern = 成员必须匹配正则表达式：{ $it }
OneOf = 成员必须是以下枚举值之一：[{ $it }]
Items = 成员必须满足约束：[{ $it }]
Keys = 映射的键必须满足约束：[{ $it }]
Values = 映射的值必须满足约束：[{ $it }]

# provisioning
TemplateAbsent = 预置构件 { $it } 的模板不存在，或与原来的内容不符。其所有者必须重新创建该版本。
NoLaunchRole = 解析参数时出错：LaunchRoleArn 为必填项，且不能为空

# constraints
NoSuchConstraint = 找不到约束 { $it }。
NoSuchConstraintType = “{ $it }”不是约束类型；类型有 LAUNCH、NOTIFICATION、RESOURCE_UPDATE、STACKSET 和 TEMPLATE。
ConstraintParameters = Parameters 不符合 { $constraint_type } 约束的要求：{ $problems }。
ConstraintExists = 产品组合 { $portfolio } 中的产品 { $product } 已有 { $constraint_type } 约束。
LaunchAndStackSet = 产品组合 { $portfolio } 中的产品 { $product } 不能同时具有 LAUNCH 约束和 STACKSET 约束。
TooManyConstraints = 产品组合 { $portfolio } 中的产品 { $product } 已有 { $constraints_max } 个约束，达到配额。
ProductConstrained = 产品组合 { $portfolio } 中的产品 { $product } 仍有关联的约束（{ $constraints_count }）

# principals
NotAPrincipalArn = “{ $it }”不是用户、组或角色的 ARN：arn:PARTITION:iam::ACCOUNT:TYPE/PATH/NAME，其中 TYPE 为 user、group 或 role。
SessionPrincipal = “{ $it }”是一个会话。请提供其角色的 ARN：arn:PARTITION:iam::ACCOUNT:role/PATH/NAME。
PrincipalOfAnotherAccount = “{ $arn }”不属于账户 { $account }；账户只关联自己的用户、组和角色。
NotAPrincipalPattern = “{ $it }”不是模式：不含账户的 arn:PARTITION:iam:::TYPE/PATH/NAME，其中 TYPE 为 user、group 或 role，* 和 ? 只能位于其后。
NoSuchPrincipal = 主体 { $principal } 未与产品组合 { $portfolio } 关联。
TooManyPrincipals = 产品组合 { $portfolio } 已有 { $principals_max } 个主体，达到配额。
TooManyPatterns = 产品组合 { $portfolio } 已有 { $patterns_max } 个主体模式，达到配额。
TooManyPrincipalsOfProduct = 产品 { $product } 已有 { $principals_max } 个主体，达到配额。

# launch_paths
NoLaunchPaths = 找不到资源的启动路径：{ $it }
SeveralLaunchPaths = 存在多个启动路径 ID。请指定启动路径 ID
InvalidPathId = PathId 无效：{ $it }
InvalidPathName = PathName 无效：{ $it }
PathTwice = PathId 和 PathName 最多提供一个。
NoVisibleProductNamed = 名称为 { $it } 的产品不存在或访问被拒绝。
