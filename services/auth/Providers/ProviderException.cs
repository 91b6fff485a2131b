namespace Eco2.Auth.Providers;

/// <summary>The provider is away, refused, or said something that cannot be believed.</summary>
/// <param name="why">For the log: a fixed text, nothing that came from outside.</param>
/// <param name="isAway">It may work later.</param>
/// <param name="inner">What was behind it.</param>
internal sealed class ProviderException(string why, bool isAway = false, Exception? inner = null) : Exception(why, inner)
{
    public bool IsAway => isAway;
}
