namespace Eco2.My.Profiles;

/// <summary>Korean mobile numbers, kept as E.164.</summary>
internal static class PhoneNumber
{
    /// <summary>010, and the old 011, 016 to 019, with or without the country code, as people write them.</summary>
    public static bool TryNormalise(string text, out string? e164)
    {
        e164 = null;
        var trimmed = text.Trim();
        if (trimmed.Length is < 10 or > 20 || trimmed.Any(c => !char.IsAsciiDigit(c) && c is not ('+' or '-' or ' ' or '(' or ')' or '.')) || trimmed.LastIndexOf('+') > 0)
        {
            return false;
        }

        var digits = string.Concat(trimmed.Where(char.IsAsciiDigit));
        var national = trimmed.StartsWith('+')
            ? digits.StartsWith("82", StringComparison.Ordinal) ? digits[2..].TrimStart('0') : ""
            : digits.StartsWith('0') ? digits[1..] : "";
        if (national.Length is not (9 or 10) || national[0] != '1' || national[1] is not ('0' or '1' or '6' or '7' or '8' or '9') || (national[1] == '0' && national.Length != 10))
        {
            return false;
        }

        e164 = "+82" + national;
        return true;
    }
}
