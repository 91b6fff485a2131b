namespace Eco2.Edge.Limits;

/// <summary>What happens while the store that all replicas count in cannot be reached.</summary>
internal enum WhenAway
{
    /// <summary>Open: each replica counts alone, so that together they may let in as many times more as there are replicas.</summary>
    CountAlone,

    /// <summary>Closed: 503 until the store is back.</summary>
    Refuse,
}

/// <summary>Whose requests are counted together.</summary>
internal enum Per
{
    User,
    Address,
}

/// <summary>So many requests in a window that slides.</summary>
/// <param name="Name">In the settings, <c>Edge:Limits:{name}</c>.</param>
/// <param name="Per">Whose requests are counted together.</param>
/// <param name="Count">Most requests in a window, unless the settings say otherwise.</param>
/// <param name="Window">Its length; the same.</param>
/// <param name="WhenAway">When the store cannot be reached.</param>
internal sealed record Limit(string Name, Per Per, long Count, TimeSpan Window, WhenAway WhenAway = WhenAway.CountAlone);
