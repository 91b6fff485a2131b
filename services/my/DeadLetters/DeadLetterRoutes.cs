namespace Eco2.My.DeadLetters;

/// <summary>What this folder answers: two calls of the sidecar, the rest for admins.</summary>
internal static class DeadLetterRoutes
{
    public static void Add(IServiceCollection services)
    {
        services.AddOptions<DeadLetterOptions>().BindConfiguration("DeadLetters").ValidateDataAnnotations()
            .Validate(o => o.AreDurationsSensible(), "DeadLetters:RetryPause must not be negative and DeadLetters:Retention must be longer than nothing.").ValidateOnStart();
        services.AddSingleton<Replays>().AddSingleton<DeadLetterMeter>();
    }

    public static void Map(IEndpointRouteBuilder routes)
    {
        KeepDeadLetters.Map(routes);
        RetryDeadLetters.Map(routes);
        var letters = routes.MapGroup("/api/v1/dead-letters");
        ListDeadLetters.Map(letters);
        ShowDeadLetter.Map(letters);
        ReplayDeadLetter.Map(letters);
        ReplayDeadLetters.Map(letters);
        DiscardDeadLetter.Map(letters);
    }
}
