using System.Diagnostics.CodeAnalysis;

namespace Dapr
{
    /// <summary>The sidecar, or the way to it, failed; what happened is the inner exception.</summary>
    [SuppressMessage("Design", "CA1032", Justification = "The official type has these constructors.")]
    public class DaprException : Exception
    {
        /// <summary>From a message.</summary>
        public DaprException(string message)
            : base(message)
        {
        }

        /// <summary>From a message and what caused it.</summary>
        public DaprException(string message, Exception innerException)
            : base(message, innerException)
        {
        }
    }
}

namespace Dapr.Common
{
    /// <summary>A client of a Dapr API.</summary>
    public interface IDaprClient : IDisposable
    {
    }

    /// <summary>What registrations of Dapr services hang on to.</summary>
    public interface IDaprServiceBuilder
    {
        /// <summary>The services registered so far.</summary>
        Microsoft.Extensions.DependencyInjection.IServiceCollection Services { get; }
    }

    /// <summary>The runtime has none of the variants of a feature.</summary>
    [SuppressMessage("Design", "CA1032", Justification = "The official type has this constructor only.")]
    public sealed class DaprFeatureNotAvailableException(string featureName, string[] checkedVariants)
        : DaprException($"The Dapr runtime does not support '{featureName}'; tried: {string.Join(", ", checkedVariants)}.")
    {
        /// <summary>What was wanted.</summary>
        public string FeatureName { get; } = featureName;

        /// <summary>The methods that were looked for.</summary>
        public IReadOnlyList<string> CheckedVariants { get; } = checkedVariants;
    }
}
