using System.ComponentModel.DataAnnotations;

namespace Eco2.My;

/// <summary>The section "My".</summary>
internal sealed class MyOptions
{
    /// <value>How many characters there are to collect; 13.</value>
    [Range(1, 1000)]
    public int CharactersInAll { get; init; } = 13;
}
