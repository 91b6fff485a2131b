using System.Globalization;
using System.Text;

namespace EmbeddedSidecar.PubSub.Routing;

internal enum RuleTokenKind
{
    End,
    Name,
    Text,
    Number,
    Sign,
}

internal readonly record struct RuleToken(RuleTokenKind Kind, string Value, double Number, int At);

/// <summary>Cuts a CEL expression into words.</summary>
internal static class RuleLexer
{
    private static readonly string[] _signs = ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "(", ")", "[", "]", ".", ",", "-"];

    public static List<RuleToken> Read(string text)
    {
        var tokens = new List<RuleToken>();
        var at = 0;
        while (true)
        {
            while (at < text.Length && char.IsWhiteSpace(text[at]))
            {
                at++;
            }

            if (at == text.Length)
            {
                tokens.Add(new RuleToken(RuleTokenKind.End, "the end", 0, at));
                return tokens;
            }

            tokens.Add(Next(text, ref at));
        }
    }

    private static RuleToken Next(string text, ref int at)
    {
        var start = at;
        var first = text[at];
        if (char.IsAsciiLetter(first) || first == '_')
        {
            while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '_'))
            {
                at++;
            }

            // r"..." and b"..." are other kinds of literals in CEL.
            return at < text.Length && text[at] is '"' or '\''
                ? throw new RuleException($"literals like {text[start..at]}\"...\" are not supported (position {start})")
                : new RuleToken(RuleTokenKind.Name, text[start..at], 0, start);
        }

        if (char.IsAsciiDigit(first))
        {
            return Number(text, ref at);
        }

        if (first is '"' or '\'')
        {
            return Text(text, ref at);
        }

        foreach (var sign in _signs)
        {
            if (string.CompareOrdinal(text, at, sign, 0, sign.Length) == 0)
            {
                at += sign.Length;
                return new RuleToken(RuleTokenKind.Sign, sign, 0, start);
            }
        }

        throw new RuleException($"'{first}' is not supported (position {start})");
    }

    private static RuleToken Number(string text, ref int at)
    {
        var start = at;
        while (at < text.Length
            && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '.' || (text[at] is '+' or '-' && text[at - 1] is 'e' or 'E')))
        {
            at++;
        }

        var digits = text[start..at];
        return double.TryParse(digits.TrimEnd('u', 'U'), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? new RuleToken(RuleTokenKind.Number, digits, number, start)
            : throw new RuleException($"'{digits}' is not a number that is supported (position {start})");
    }

    private static RuleToken Text(string text, ref int at)
    {
        var start = at;
        var quote = text[at++];
        if (string.CompareOrdinal(text, at, new string(quote, 2), 0, 2) == 0)
        {
            throw new RuleException($"triple quotes are not supported (position {start})");
        }

        var value = new StringBuilder();
        while (at < text.Length && text[at] != quote)
        {
            if (text[at] != '\\')
            {
                value.Append(text[at++]);
                continue;
            }

            value.Append((at + 1 < text.Length ? text[at + 1] : '\0') switch
            {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                '\\' => '\\',
                '"' => '"',
                '\'' => '\'',
                var other => throw new RuleException($"the escape \\{other} is not supported (position {at})"),
            });
            at += 2;
        }

        return at++ < text.Length
            ? new RuleToken(RuleTokenKind.Text, value.ToString(), 0, start)
            : throw new RuleException($"the text that starts at position {start} does not end");
    }
}
