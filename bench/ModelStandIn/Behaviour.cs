namespace Eco2.ModelStandIn;

internal enum Fate
{
    Answer,
    Error,
    RateLimited,
    Garbage,
    HalfBody,
    Hang,
}

/// <summary>Draws how each call ends and how long it takes.</summary>
internal sealed class Behaviour(Settings settings)
{
    private readonly Lognormal vision = new();
    private readonly Lognormal answer = new();
    private volatile Settings now = settings;

    public Settings Settings
    {
        get => now;
        set => now = value;
    }

    public static Fate Draw(Settings with)
    {
        var chance = Random.Shared.NextDouble();
        return (chance -= with.ErrorRate) < 0 ? Fate.Error
            : (chance -= with.Rate429) < 0 ? Fate.RateLimited
            : (chance -= with.GarbageRate) < 0 ? Fate.Garbage
            : (chance -= with.HalfBodyRate) < 0 ? Fate.HalfBody
            : chance - with.HangRate < 0 ? Fate.Hang
            : Fate.Answer;
    }

    public TimeSpan Think(Settings with, bool isVision)
    {
        var mean = isVision ? with.VisionMeanMs : with.AnswerMeanMs;
        return mean == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds((isVision ? vision : answer).Next(mean, with.Sigma));
    }
}
