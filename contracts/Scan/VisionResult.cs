namespace Eco2.Contracts.Scan;

/// <summary>What was seen on a photo.</summary>
/// <param name="Schema">vision/2.</param>
/// <param name="TaxonomyVersion">The version of the taxonomy the codes come from.</param>
/// <param name="Primary">The object the answer is about.</param>
/// <param name="Others">Up to 4 further objects.</param>
/// <param name="Multiple">True when several objects are in the picture.</param>
/// <param name="Unsure">True when the model abstains: the user is asked for a clearer picture or for words.</param>
/// <param name="Model">Who looked.</param>
public sealed record VisionResult(
    string Schema,
    string TaxonomyVersion,
    SeenItem Primary,
    IReadOnlyList<SeenItem> Others,
    bool Multiple,
    bool Unsure,
    ModelUse Model);

/// <summary>One object on a photo.</summary>
/// <param name="MajorCode">One of the 8 major codes.</param>
/// <param name="MiddleCode">One of the 12 middle codes for recyclables, else the major code.</param>
/// <param name="ItemCode">A taxonomy item, or null for a free label or an unknown one.</param>
/// <param name="MajorCategory">Korean name.</param>
/// <param name="MiddleCategory">Korean name.</param>
/// <param name="MinorCategory">Korean name, free label or null.</param>
/// <param name="Confidence">0 to 1 that the middle category is right.</param>
/// <param name="Tags">Situation tags, consistent with each other.</param>
/// <param name="RunnerUp">The second best middle code with its confidence, when the model knows it.</param>
public sealed record SeenItem(
    string MajorCode,
    string MiddleCode,
    string? ItemCode,
    string MajorCategory,
    string MiddleCategory,
    string? MinorCategory,
    double Confidence,
    IReadOnlyList<SeenTag> Tags,
    RunnerUp? RunnerUp = null);

/// <summary>The second guess.</summary>
/// <param name="MiddleCode">Its code.</param>
/// <param name="MiddleCategory">Its Korean name.</param>
/// <param name="Confidence">0 to 1.</param>
public sealed record RunnerUp(string MiddleCode, string MiddleCategory, double Confidence);

/// <summary>A situation tag.</summary>
/// <param name="Code">ASCII code, such as label_on.</param>
/// <param name="Label">Korean name as shown.</param>
/// <param name="Confidence">0 to 1.</param>
public sealed record SeenTag(string Code, string Label, double Confidence);

/// <summary>Which model did a step and what it took.</summary>
/// <param name="Provider">openai, anthropic, dapr or local.</param>
/// <param name="Name">Model name.</param>
/// <param name="LatencyMs">Wall time in milliseconds.</param>
/// <param name="InputTokens">Null for models that count none.</param>
/// <param name="OutputTokens">Null for models that count none.</param>
/// <param name="FallbackFrom">The provider that could not answer, when this one stood in.</param>
public sealed record ModelUse(
    string Provider,
    string Name,
    long LatencyMs,
    long? InputTokens = null,
    long? OutputTokens = null,
    string? FallbackFrom = null);

/// <summary>The rule an answer was made from.</summary>
/// <param name="Key">Rule file key: a middle code for recyclables, else a major code.</param>
/// <param name="Version">Version of the rule file.</param>
/// <param name="Name">Korean name.</param>
public sealed record RuleReference(string Key, string Version, string? Name = null);
