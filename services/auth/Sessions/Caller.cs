namespace Eco2.Auth.Sessions;

/// <summary>Where a request came from, for the audit and against guessing.</summary>
/// <param name="Address">As the gateway saw it; it removes copies from outside.</param>
/// <param name="UserAgent">At most 256 characters.</param>
internal sealed record Caller(string? Address, string? UserAgent)
{
    public const string AddressHeader = "X-Client-Address";

    public static Caller Of(HttpContext http)
    {
        var address = http.Request.Headers[AddressHeader].ToString();
        var agent = http.Request.Headers.UserAgent.ToString();
        return new Caller(
            address.Length is > 0 and <= 64 ? address : null,
            agent.Length == 0 ? null : agent[..Math.Min(agent.Length, 256)].Replace("\0", "", StringComparison.Ordinal));
    }
}
