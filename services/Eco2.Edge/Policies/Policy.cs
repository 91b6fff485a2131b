using Eco2.Edge.Limits;

namespace Eco2.Edge.Policies;

/// <summary>Whom a route lets in.</summary>
internal enum Who
{
    /// <summary>Nobody needs to sign in; whoever has is told to the app all the same.</summary>
    Anyone,

    /// <summary>Any account.</summary>
    User,

    /// <summary>Role <c>admin</c> or <c>owner</c>.</summary>
    Admin,

    /// <summary>Role <c>owner</c>.</summary>
    Owner,
}

/// <summary>One row of the table: a path and everything that is decided by it.</summary>
/// <param name="Methods">Separated by a blank; <c>*</c> for all. GET stands for HEAD too.</param>
/// <param name="Path">In plain form; <c>{x}</c> is one segment, <c>**</c> at the end any number of them.</param>
/// <param name="App">App id that serves it.</param>
/// <param name="Who">Whom it lets in.</param>
/// <param name="Scope">What an API key must be allowed to do; null: keys do not open it.</param>
internal sealed record Policy(string Methods, string Path, string App, Who Who = Who.User, string? Scope = null)
{
    /// <summary>A picture may have 10 MB; its refusal with a reason is the image service's matter.</summary>
    public const long Picture = 11 * 1024 * 1024;

    /// <value>Counted instead of the usual (<see cref="Policies.Usual"/>); all of them per user or all of them per address.</value>
    public IReadOnlyList<Limit>? Limits { get; init; }

    /// <value>Larger bodies are refused, 256 KB.</value>
    public long MaxBodyBytes { get; init; } = 256 * 1024;

    /// <value>How long the body may take to arrive, 30 s.</value>
    public TimeSpan BodyWithin { get; init; } = TimeSpan.FromSeconds(30);

    /// <value>How long the app may take until its answer begins, 30 s. A stream may then last as long as it likes.</value>
    public TimeSpan AnswersWithin { get; init; } = TimeSpan.FromSeconds(30);

    /// <value>Cookies and the Authorization header travel on; only auth has a use for them.</value>
    public bool KeepsCredentials { get; init; }
}
