using System.Globalization;

namespace EmbeddedSidecar.Resiliency;

/// <summary>
/// The part of CEL that trip expressions need: the five counters, numbers, + - * /, comparisons, &amp;&amp;, ||, ! and parentheses.
/// </summary>
internal sealed class TripExpression
{
    private readonly string _text;
    private int _at;

    private TripExpression(string text) => _text = text;

    /// <exception cref="FormatException">Not such an expression.</exception>
    public static Func<BreakerCounts, bool> Parse(string text)
    {
        var parser = new TripExpression(text);
        var expression = parser.Or();
        parser.Space();
        return parser._at == text.Length ? counts => expression(counts) != 0 : throw parser.Unexpected();
    }

    // True is 1 and false is 0: a counter compared is all these expressions do.
    private Func<BreakerCounts, double> Or()
    {
        var left = And();
        while (Take("||"))
        {
            var (a, b) = (left, And());
            left = counts => a(counts) != 0 || b(counts) != 0 ? 1 : 0;
        }

        return left;
    }

    private Func<BreakerCounts, double> And()
    {
        var left = Comparison();
        while (Take("&&"))
        {
            var (a, b) = (left, Comparison());
            left = counts => a(counts) != 0 && b(counts) != 0 ? 1 : 0;
        }

        return left;
    }

    private Func<BreakerCounts, double> Comparison()
    {
        var a = Sum();
        foreach (var sign in (string[])[">=", "<=", "==", "!=", ">", "<"])
        {
            if (Take(sign))
            {
                var b = Sum();
                return sign switch
                {
                    ">=" => counts => a(counts) >= b(counts) ? 1 : 0,
                    "<=" => counts => a(counts) <= b(counts) ? 1 : 0,
                    "==" => counts => a(counts) == b(counts) ? 1 : 0,
                    "!=" => counts => a(counts) != b(counts) ? 1 : 0,
                    ">" => counts => a(counts) > b(counts) ? 1 : 0,
                    _ => counts => a(counts) < b(counts) ? 1 : 0,
                };
            }
        }

        return a;
    }

    private Func<BreakerCounts, double> Sum()
    {
        var left = Product();
        while (true)
        {
            var a = left;
            if (Take("+"))
            {
                var b = Product();
                left = counts => a(counts) + b(counts);
            }
            else if (Take("-"))
            {
                var b = Product();
                left = counts => a(counts) - b(counts);
            }
            else
            {
                return left;
            }
        }
    }

    private Func<BreakerCounts, double> Product()
    {
        var left = Atom();
        while (true)
        {
            var a = left;
            if (Take("*"))
            {
                var b = Atom();
                left = counts => a(counts) * b(counts);
            }
            else if (Take("/"))
            {
                var b = Atom();
                left = counts => a(counts) / b(counts);
            }
            else
            {
                return left;
            }
        }
    }

    private Func<BreakerCounts, double> Atom()
    {
        if (Take("("))
        {
            var inner = Or();
            return Take(")") ? inner : throw Unexpected();
        }

        if (Take("!"))
        {
            var inner = Atom();
            return counts => inner(counts) == 0 ? 1 : 0;
        }

        Space();
        var rest = _text.AsSpan(_at);
        var length = Length(rest, rest is [var first, ..] && char.IsAsciiLetter(first) ? char.IsAsciiLetter : c => char.IsAsciiDigit(c) || c == '.');
        var word = rest[..length].ToString();
        _at += length;
        if (double.TryParse(word, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            return _ => number;
        }

        return word switch
        {
            "requests" => counts => counts.Requests,
            "totalSuccesses" => counts => counts.TotalSuccesses,
            "totalFailures" => counts => counts.TotalFailures,
            "consecutiveSuccesses" => counts => counts.ConsecutiveSuccesses,
            "consecutiveFailures" => counts => counts.ConsecutiveFailures,
            _ => throw Unexpected(),
        };
    }

    private static int Length(ReadOnlySpan<char> text, Func<char, bool> belongs)
    {
        var length = 0;
        while (length < text.Length && belongs(text[length]))
        {
            length++;
        }

        return length;
    }

    private bool Take(string sign)
    {
        Space();
        if (!_text.AsSpan(_at).StartsWith(sign, StringComparison.Ordinal))
        {
            return false;
        }

        _at += sign.Length;
        return true;
    }

    private void Space()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
        {
            _at++;
        }
    }

    private FormatException Unexpected() => new($"\"{_text}\" is not understood at position {_at}");
}
