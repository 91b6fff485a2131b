namespace Eco2.My;

/// <summary>A change says which version it changes, by the ETag that a GET gave. Who wants to change whatever is there says so with <c>*</c>.</summary>
internal static class IfMatch
{
    public static RouteHandlerBuilder DemandIfMatch(this RouteHandlerBuilder route) => route.WithMetadata(new DemandsIfMatch()).AddEndpointFilter(
        async (context, next) => context.HttpContext.Request.Headers.IfMatch is [{ Length: > 0 }] ? await next(context) : Problems.PreconditionRequired());

    /// <summary>The tag as it was given out, without its quotes; null for <c>*</c>. One tag: a list of them is for caches, who changes something has seen one.</summary>
    public static string? Tag(HttpContext http) => http.Request.Headers.IfMatch.ToString() is var tag && tag == "*" ? null : tag.Trim('"');
}

/// <summary>On routes that refuse a change without <c>If-Match</c>.</summary>
internal sealed class DemandsIfMatch;
