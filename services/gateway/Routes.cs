namespace Eco2.Gateway;

/// <summary>Where a path goes.</summary>
/// <param name="App">App id.</param>
/// <param name="NeedsUser">401 without a valid token.</param>
/// <param name="MaxBodyBytes">Larger bodies are refused.</param>
/// <param name="KeepsCredentials">Cookies and the Authorization header travel on; only auth has a use for them.</param>
/// <param name="Role">403 without it; null: any user.</param>
internal sealed record Route(string App, bool NeedsUser = true, long MaxBodyBytes = Route.SmallBody, bool KeepsCredentials = false, string? Role = null)
{
    private const long SmallBody = 256 * 1024;

    /// <summary>A picture may have 10 MB; its refusal with a reason is the image service's matter.</summary>
    private const long Picture = 11 * 1024 * 1024;

    private static readonly Route Auth = new("auth", NeedsUser: false, KeepsCredentials: true);
    private static readonly Route Image = new("image", MaxBodyBytes: Picture);
    private static readonly Route SignedUpload = new("image", NeedsUser: false, MaxBodyBytes: Picture);
    private static readonly Route Scan = new("scan");
    private static readonly Route Jobs = new("sse-gateway");
    private static readonly Route Character = new("character");
    private static readonly Route CharacterPictures = new("character", NeedsUser: false);
    private static readonly Route Users = new("my");
    private static readonly Route DeadLetters = new("my", Role: "admin");
    private static readonly Route Audit = new("auth", Role: "admin");

    /// <summary>The table of routes, for a path in its plain form. Null: nothing there, above all nothing internal.</summary>
    public static Route? Of(string path)
    {
        if (path == "/.well-known/jwks.json")
        {
            return Auth;
        }

        if (path.StartsWith("/assets/character/", StringComparison.Ordinal))
        {
            // An img tag shows no token.
            return CharacterPictures;
        }

        const string Base = "/api/v1/";
        if (!path.StartsWith(Base, StringComparison.Ordinal))
        {
            return null;
        }

        var rest = path.AsSpan(Base.Length);
        var slash = rest.IndexOf('/');
        var area = slash < 0 ? rest : rest[..slash];
        var tail = slash < 0 ? "" : rest[(slash + 1)..];
        return area switch
        {
            "auth" => Auth,
            // The address itself is the permission: it is signed, names its owner and ends soon.
            "images" => tail.StartsWith("uploads/", StringComparison.Ordinal) ? SignedUpload : Image,
            "scan" => tail.EndsWith("/events", StringComparison.Ordinal) && tail.Count('/') == 1 ? Jobs : Scan,
            "jobs" => Jobs,
            "character" => Character,
            "users" => Users,
            "dead-letters" => DeadLetters,
            "audit" => Audit,
            _ => null,
        };
    }
}
