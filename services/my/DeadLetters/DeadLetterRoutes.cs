namespace Eco2.My.DeadLetters;

/// <summary>What this folder answers: two calls of the sidecar, the rest for admins.</summary>
internal static class DeadLetterRoutes
{
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
