using System.Globalization;
using Eco2.ServiceDefaults;

namespace Eco2.Auth.Accounts;

/// <summary>An e-mail address as accounts are found by it: composed, lower case, the domain in ASCII.</summary>
internal static class EmailAddress
{
    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true };

    /// <summary>Deliverability is for a mail to find out; this only refuses what cannot be an address.</summary>
    public static bool TryNormalise(string? text, out string email)
    {
        email = "";
        var address = Nfc.Compose(text ?? "").Trim().ToLowerInvariant();
        var at = address.LastIndexOf('@');
        if (address.Length > 254 || at is < 1 or > 64 || Invisible.IsIn(address) || address.Any(c => c is '"' or '<' or '>' or ',' or ';' or ':' or '\\'))
        {
            return false;
        }

        var (local, domain) = (address[..at], address[(at + 1)..]);
        if (local.Contains('@', StringComparison.Ordinal) || local.StartsWith('.') || local.EndsWith('.') || local.Contains("..", StringComparison.Ordinal) || !domain.Contains('.', StringComparison.Ordinal))
        {
            return false;
        }

        try
        {
            email = $"{local}@{Idn.GetAscii(domain)}";
            return email.Length <= 254;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
