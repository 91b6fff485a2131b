namespace Eco2.Contracts.Scan;

/// <summary>Answer of <c>GET /api/v1/scan/models</c>.</summary>
/// <param name="Models">Names that a scan may ask for.</param>
/// <param name="Default">The one that answers when none is asked for.</param>
public sealed record ScanModels(IReadOnlyList<string> Models, string Default);

/// <summary>Model names that scan and worker must spell alike.</summary>
public static class ModelNames
{
    /// <summary>The built-in models that need no key; always offered.</summary>
    public const string Local = "local";

    /// <summary>Asked of OpenAI when the configuration names no other.</summary>
    public const string OpenAI = "gpt-5.2";

    /// <summary>Asked of Anthropic when the configuration names no other.</summary>
    public const string Anthropic = "claude-sonnet-4-5";
}
