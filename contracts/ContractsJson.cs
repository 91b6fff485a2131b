using System.Text.Json;
using System.Text.Json.Serialization;
using Eco2.Contracts.Auth;
using Eco2.Contracts.Character;
using Eco2.Contracts.DeadLetters;
using Eco2.Contracts.Image;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Media;
using Eco2.Contracts.Privacy;
using Eco2.Contracts.Scan;

namespace Eco2.Contracts;

/// <summary>How every contract is written as JSON: snake_case names, enums as snake_case text, null members left out.
/// Both sides of a wire use these options.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(JobEventBatch))]
[JsonSerializable(typeof(JobFanout))]
[JsonSerializable(typeof(JobDocument))]
[JsonSerializable(typeof(JobChunk))]
[JsonSerializable(typeof(JobWaiting))]
[JsonSerializable(typeof(JobView))]
[JsonSerializable(typeof(JobFinished))]
[JsonSerializable(typeof(StreamFrame))]
[JsonSerializable(typeof(JobCancelRequested))]
[JsonSerializable(typeof(ScanRequested))]
[JsonSerializable(typeof(ScanWords))]
[JsonSerializable(typeof(SubmitScanRequest))]
[JsonSerializable(typeof(ScanAccepted))]
[JsonSerializable(typeof(ScanResult))]
[JsonSerializable(typeof(ScanHistoryPage))]
[JsonSerializable(typeof(ScanModels))]
[JsonSerializable(typeof(TaxonomyDocument))]
[JsonSerializable(typeof(ScanProgress))]
[JsonSerializable(typeof(VisionResult))]
[JsonSerializable(typeof(Answer))]
[JsonSerializable(typeof(RuleReference))]
[JsonSerializable(typeof(Reward))]
[JsonSerializable(typeof(EvaluateReward))]
[JsonSerializable(typeof(CharacterGranted))]
[JsonSerializable(typeof(UserRegistered))]
[JsonSerializable(typeof(AccountNickname))]
[JsonSerializable(typeof(SessionRevoked))]
[JsonSerializable(typeof(CheckApiKey))]
[JsonSerializable(typeof(ApiKeyOwner))]
[JsonSerializable(typeof(FindIssuerSubject))]
[JsonSerializable(typeof(IssuerSubject))]
[JsonSerializable(typeof(StoredImage))]
[JsonSerializable(typeof(NormalizedImage))]
[JsonSerializable(typeof(ClassifyPhoto))]
[JsonSerializable(typeof(PhotoClass))]
[JsonSerializable(typeof(DeadLetterPage))]
[JsonSerializable(typeof(DeadLetterContent))]
[JsonSerializable(typeof(ReplayDeadLettersRequest))]
[JsonSerializable(typeof(ReplayedDeadLetters))]
[JsonSerializable(typeof(PrivacyRequested))]
[JsonSerializable(typeof(PrivacyProgress))]
[JsonSerializable(typeof(PrivacyEnd))]
[JsonSerializable(typeof(RetentionChanged))]
[JsonSerializable(typeof(ForgetHistories))]
[JsonSerializable(typeof(HistoriesForgotten))]
[JsonSerializable(typeof(AuditTold))]
public sealed partial class ContractsJson : JsonSerializerContext;
