# Japanese. A message for each refusal, status detail and rule of the model, under its variant's
# name; a lone field is $it. What a caller gave, and ids, stay as they are.

NoSuchProduct = { $it } は存在しないか、アクセスが拒否されました
NoSuchProductNamed = 名前が { $it } の製品が見つかりません
SeveralProductsNamed = 名前が { $it } の製品が複数見つかりました。
NoSuchArtifact = プロビジョニングアーティファクト { $it } が見つかりません。
NoSuchArtifactNamed = 名前が { $it } のプロビジョニングアーティファクトが見つかりません。
SeveralArtifactsNamed = 名前が { $it } のプロビジョニングアーティファクトが複数見つかりました。
NoSuchPortfolio = ポートフォリオ { $it } が見つかりません。
NoSuchShare = ポートフォリオ { $portfolio } は { $recipient } と共有されていません。
NoShareToAccept = ポートフォリオが見つかりません: { $it }
NotAssociated = 製品 { $product } はポートフォリオ { $portfolio } に関連付けられていません。
NoSuchCopy = コピー操作 { $it } が見つかりません。
CopyEnded = コピー操作 { $copy } は終了しています: { $state }。
CopyNotFailed = コピー操作 { $copy } は { $state } です。FAILED のコピーだけを再試行できます。
NoSuchUpload = アップロードされたテンプレート { $it } が見つかりません。
UploadName = 「{ $it }」はテンプレートの名前にできません。先頭が英数字で、英数字、ドット、ハイフン、アンダースコアからなる 128 文字以内の名前にしてください。
ExactlyOneOf = 次のうち 1 つだけを指定してください: { $it }。
NotAWebAddress = { $member } は http:// または https:// で始まる必要があります。
ArtifactInfo = Info には LoadTemplateFromURL と ImportFromPhysicalId のどちらか 1 つだけを指定してください。
NoArtifactParameters = ProvisioningArtifactParameters を指定してください。
SourceConnection = SourceConnection はサポートされていません。Mimeo はリポジトリと同期しません。代わりに LoadTemplateFromURL を含む ProvisioningArtifactParameters を指定してください。
PhysicalId = ImportFromPhysicalId はサポートされていません。Mimeo には読み取る CloudFormation スタックがありません。代わりに LoadTemplateFromURL を指定してください。
InvalidTemplate = templateBody が無効です。テンプレートが有効であることを確認してください ({ $it })
TemplateUrl = テンプレートの URL を使用できません: { $it }
MarketplaceProduct = タイプ MARKETPLACE の製品は AWS Marketplace だけが作成します。
ArtifactTypeMismatch = 製品タイプ { $product_type } は、指定されたプロビジョニングアーティファクトのタイプをサポートしていません。
NotAProductArn = 「{ $it }」は製品の ARN ではありません: arn:aws:catalog:REGION:ACCOUNT:product/prod-…。
NoArtifactIdentifier = SourceProvisioningArtifactIdentifiers の各要素には Id が必要です。
CopyTypeMismatch = タイプ { $from } の製品をタイプ { $to } の製品にコピーすることはできません。
TagKeyTwice = タグキー「{ $it }」が 2 回指定されています。
TagKeyReserved = タグキー「{ $it }」は予約済みの aws: で始まっています。
PageToken = PageToken は、このリージョンのこのアカウントにこの操作が返したものではありません。
TokenReused = IdempotencyToken は別のパラメータで既に使用されています。新しいリクエストには新しいトークンを使用してください。
ShareWithOwner = アカウント { $it } は既にこのポートフォリオの所有者です。
ShareOfForeignProducts = ポートフォリオ { $it } には共有された製品が含まれているため、さらに共有することはできません。
SharedWithYou = { $it } は共有されたものです。変更できるのは所有者だけです。
SharePrincipalsWithAccount = SharePrincipals は組織または組織単位との共有でのみ使用できます。
NoOrganization = このサーバーは組織を知りません。まず組織の ID、管理アカウント、組織単位、アカウントを登録してください。
NotAdministrator = アカウント { $it } は組織の管理アカウントでも委任管理者でもありません。
NotManagementAccount = アカウント { $it } は組織の管理アカウントではありません。
OrganizationsAccessDisabled = 組織へのアクセスが有効になっていません。管理アカウントが EnableAWSOrganizationsAccess で有効にします。
DelegatesRegistered = 委任管理者がいる間は、組織へのアクセスを無効にできません ({ $delegates_count })。
NoSuchNode = 組織のノード { $it } が見つかりません。
HalfANode = OrganizationNode には Type と Value の両方が必要です。
NotANode = 「{ $value }」は Type が { $node_type } の OrganizationNode の Value ではありません。
NoSuchShareOperation = ポートフォリオの共有操作 { $it } が見つかりません。
LeaveOrganizationShare = ポートフォリオ { $it } は組織を通じて共有されています。終了できるのは所有者だけです。
ProductHolds = 製品 { $product } にはまだ関連付けられた { $what } があります
ArtifactHolds = プロビジョニングアーティファクト { $it } にはまだ関連付けられたサービスアクションがあります
PortfolioHolds = ポートフォリオ { $portfolio } にはまだ関連付けられた { $what } があります
LastArtifact = { $it } には少なくとも 1 つのプロビジョニングアーティファクトが必要です
TooManyProducts = このリージョンのアカウントの製品数は、既にクォータの { $products_max } に達しています。
TooManyPortfolios = このリージョンのアカウントのポートフォリオ数は、既にクォータの { $portfolios_max } に達しています。
TooManyProductsInPortfolio = ポートフォリオ { $portfolio } の製品数は、既にクォータの { $products_max } に達しています。
TooManyArtifacts = 製品 { $product } のプロビジョニングアーティファクト数は、既にクォータの { $artifacts_max } に達しています。
TooManyShares = ポートフォリオ { $portfolio } の共有先は、既にクォータの { $shares_max } に達しています。
TooManyTags = 1 つのリソースに付けられるタグは最大 { $tags_max } 個です。
TooManyUploads = アカウントがアップロードしたテンプレートは、既にクォータの { $uploads_max } に達しています。
TooManyCopies = レートを超えました: このアカウントのコピーが { $copies_max } 件進行中です。後でもう一度試してください。

# tag_options
NoSuchTagOption = TagOption { $it } が見つかりません。
NoSuchResource = リソース { $it } が見つかりません。
TagOptionNotAssociated = TagOption { $tag_option } は { $resource } に関連付けられていません。
TagOptionAssociated = TagOption { $tag_option } は既に { $resource } に関連付けられています。
SameTagOption = キー「{ $key }」、値「{ $value }」の TagOption は既に存在します。
TagOptionInUse = TagOption { $it } はまだポートフォリオまたは製品に関連付けられています。
NotAResourceType = ResourceType は Portfolio または Product でなければならず、「{ $it }」は使用できません。
TooManyTagOptionValues = TagOption のキー「{ $key }」の値の数は、既にクォータの { $values_max } に達しています。
TooManyTagOptions = { $resource } の TagOption の数は、既にクォータの { $tag_options_max } に達しています。

# budgets
BudgetNotAssociated = 予算 { $budget } は { $resource } に関連付けられていません。
BudgetAssociated = 予算 { $budget } は既に { $resource } に関連付けられています。
TooManyBudgets = { $resource } の予算の数は、既に上限の { $budgets_max } に達しています。

# service_actions
NoSuchServiceAction = サービスアクション { $it } が見つかりません。
ServiceActionDefinition = Definition が有効ではありません: { $it }。
ServiceActionAssociated = サービスアクション { $action } は、既にプロビジョニングアーティファクト { $artifact } に関連付けられています。
ServiceActionNotAssociated = サービスアクション { $action } は、プロビジョニングアーティファクト { $artifact } に関連付けられていません。
ServiceActionInUse = サービスアクション { $action } には、関連付けられたプロビジョニングアーティファクトがまだあります ({ $artifacts_count })
TooManyServiceActions = このリージョンのアカウントのサービスアクション数は、既にクォータの { $service_actions_max } に達しています。
TooManyServiceActionsOfArtifact = プロビジョニングアーティファクト { $artifact } のサービスアクション数は、既にクォータの { $service_actions_max } に達しています。

## Status details of copies

SOURCE_NOT_FOUND = コピー元の製品 { $product } は、読み取る前に削除されました。別の製品をコピーしてください。
SOURCE_ARTIFACT_NOT_FOUND = コピー元のバージョン { $artifact } は、読み取る前に削除されました。それを除いてもう一度コピーしてください。
SOURCE_ACCESS_REMOVED = コピー中に、コピー元の製品 { $product } へのアクセスが取り消されました。所有者にこの製品を含むポートフォリオの共有を依頼し、共有を承諾してから、もう一度コピーしてください。
SOURCE_UNAVAILABLE = コピーの期限（1 時間）までに、コピー元のリージョン { $region } に接続できませんでした。復旧してからもう一度コピーしてください。
TARGET_NOT_FOUND = コピー中に、コピー先の製品 { $product } が削除されました。別のコピー先を指定するか、指定せずに新しい製品を作成してください。
TARGET_TYPE_MISMATCH = コピー先の製品 { $product } のタイプは { $target }、コピー元のタイプは { $source } です。コピー元と同じタイプの製品にコピーしてください。
CONTENT_VERIFICATION = コピー元のバージョン { $artifact } のテンプレートがないか、記録されたダイジェストと一致しません。所有者がそのバージョンを作り直す必要があります。ほかのバージョンは ID を指定してコピーしてください。
PRODUCT_QUOTA = コピー先アカウントのこのリージョンの製品数は、既にクォータの { $products_max } に達しています。いくつか削除するかクォータを引き上げてから、もう一度コピーしてください。
ARTIFACT_QUOTA = コピー先の製品 { $product } のバージョン数がクォータの { $artifacts_max } を超えます。コピーするバージョンを減らすか、先にいくつか削除してください。
TAG_QUOTA = コピー先の製品のタグ数がクォータの { $tags_max } を超えます。CopyTags を指定せずにコピーするか、先にいくつか削除してください。
DEADLINE = コピーは 1 時間の期限までに終わりませんでした。もう一度コピーしてください。再び起きた場合は、このコピーのトークンのログを運用担当者に問い合わせてください。
CANCELLED = コピーは完了する前にキャンセルされました。何も作成されていません。再試行するか、もう一度コピーしてください。
INTERNAL = 内部エラー、参照番号 { $reference }。もう一度コピーしてください。再び起きた場合は、この参照番号のログを運用担当者に問い合わせてください。

## Rules of the service model

Violations = { $count } 件の検証エラーが検出されました: { $violations }
ViolationOfValue = '{ $at }' の値 '{ $value }' は次の制約を満たしていません: { $rule }
ViolationOfNull = '{ $at }' の値 null は次の制約を満たしていません: { $rule }
NotNull = メンバーは null であってはなりません
LengthAtMost = メンバーの長さは { $it } 以下でなければなりません
LengthAtLeast = メンバーの長さは { $it } 以上でなければなりません
ValueAtMost = メンバーの値は { $it } 以下でなければなりません
ValueAtLeast = メンバーの値は { $it } 以上でなければなりません
Pattern = メンバーは次の正規表現パターンに一致しなければなりません: { $it }
OneOf = メンバーは次の列挙値のいずれかでなければなりません: [{ $it }]
Items = メンバーは次の制約を満たさなければなりません: [{ $it }]
Keys = マップのキーは次の制約を満たさなければなりません: [{ $it }]
Values = マップの値は次の制約を満たさなければなりません: [{ $it }]

# provisioning
TemplateAbsent = プロビジョニングアーティファクト { $it } のテンプレートがないか、元の内容と一致しません。所有者がそのバージョンを作り直す必要があります。
NoLaunchRole = パラメータの解析中にエラーが発生しました: LaunchRoleArn は必須であり、空にはできません

# constraints
NoSuchConstraint = 制約 { $it } が見つかりません。
NoSuchConstraintType = 「{ $it }」は制約の種類ではありません。種類は LAUNCH、NOTIFICATION、RESOURCE_UPDATE、STACKSET、TEMPLATE です。
ConstraintParameters = Parameters は { $constraint_type } 制約のものではありません: { $problems }。
ConstraintExists = ポートフォリオ { $portfolio } の製品 { $product } には既に { $constraint_type } 制約があります。
LaunchAndStackSet = ポートフォリオ { $portfolio } の製品 { $product } に LAUNCH 制約と STACKSET 制約の両方を設定することはできません。
TooManyConstraints = ポートフォリオ { $portfolio } の製品 { $product } には既にクォータである { $constraints_max } 個の制約があります。
ProductConstrained = ポートフォリオ { $portfolio } の製品 { $product } にはまだ関連付けられた制約 ({ $constraints_count }) があります

# principals
NotAPrincipalArn = 「{ $it }」はユーザー、グループ、ロールの ARN ではありません: arn:PARTITION:iam::ACCOUNT:TYPE/PATH/NAME (TYPE は user、group、role のいずれか)。
SessionPrincipal = 「{ $it }」はセッションです。そのロールの ARN を指定してください: arn:PARTITION:iam::ACCOUNT:role/PATH/NAME。
PrincipalOfAnotherAccount = 「{ $arn }」はアカウント { $account } のものではありません。アカウントが関連付けるのは、自身のユーザー、グループ、ロールです。
NotAPrincipalPattern = 「{ $it }」はパターンではありません: アカウントのない arn:PARTITION:iam:::TYPE/PATH/NAME (TYPE は user、group、role のいずれかで、* と ? はその後にのみ使用できます)。
NoSuchPrincipal = プリンシパル { $principal } はポートフォリオ { $portfolio } に関連付けられていません。
TooManyPrincipals = ポートフォリオ { $portfolio } のプリンシパルは既にクォータの { $principals_max } 個です。
TooManyPatterns = ポートフォリオ { $portfolio } のプリンシパルのパターンは既にクォータの { $patterns_max } 個です。
TooManyPrincipalsOfProduct = 製品 { $product } のプリンシパルは既にクォータの { $principals_max } 個です。

# launch_paths
NoLaunchPaths = リソース { $it } の起動パスが見つかりません
SeveralLaunchPaths = 起動パスの ID が複数あります。起動パスの ID を指定してください
InvalidPathId = PathId が無効です: { $it }
InvalidPathName = PathName が無効です: { $it }
PathTwice = PathId と PathName は一方だけを指定してください。
NoVisibleProductNamed = 名前が { $it } の製品は存在しないか、アクセスが拒否されました。
