using System.ComponentModel.DataAnnotations;
using Eco2.Contracts.Scan;
using Microsoft.Extensions.Options;

namespace Eco2.Scan.Models;

/// <summary>The part of section <c>Models</c> that says what may be offered; the worker reads the same section.</summary>
internal sealed class ModelsOptions
{
    /// <value>local</value>
    [RegularExpression("local|openai|anthropic")]
    public string Vision { get; init; } = ModelNames.Local;

    /// <value>local</value>
    [RegularExpression("local|openai|anthropic")]
    public string Answer { get; init; } = ModelNames.Local;

    public ProviderModels OpenAI { get; init; } = new() { VisionModel = ModelNames.OpenAI };

    public ProviderModels Anthropic { get; init; } = new() { VisionModel = ModelNames.Anthropic };

    /// <summary>Further names that users may choose; the provider must know them.</summary>
    /// <value>none</value>
    public IReadOnlyList<string> Offered { get; init; } = [];

    internal sealed class ProviderModels
    {
        public required string VisionModel { get; init; }
    }
}

/// <summary>Which models may be chosen. <c>local</c> always; a provider's only when one is configured.</summary>
internal sealed class OfferedModels
{
    public OfferedModels(IOptions<ModelsOptions> options)
    {
        var models = options.Value;
        Default = (models.Vision == ModelNames.Local ? models.Answer : models.Vision) switch
        {
            "openai" => models.OpenAI.VisionModel,
            "anthropic" => models.Anthropic.VisionModel,
            _ => ModelNames.Local,
        };
        Names = Default == ModelNames.Local ? [ModelNames.Local] : [.. models.Offered.Prepend(Default).Append(ModelNames.Local).Distinct()];
    }

    internal string Default { get; }

    internal IReadOnlyList<string> Names { get; }
}
