namespace EmbeddedSidecar.PubSub.Routing;

/// <summary>
/// Reads the part of CEL that routing rules need: <c>event</c> with its members, literals, lists, comparisons, <c>in</c>, <c>!</c>,
/// <c>&amp;&amp;</c>, <c>||</c>, <c>has()</c>, <c>size()</c> and the text tests. Anything else is refused by name.
/// </summary>
internal sealed class RuleParser
{
    private static readonly string[] _comparisons = ["==", "!=", "<=", ">=", "<", ">"];
    private readonly List<RuleToken> _tokens;
    private int _next;

    private RuleParser(List<RuleToken> tokens) => _tokens = tokens;

    private RuleToken Current => _tokens[_next];

    public static RuleNode Parse(string text)
    {
        var parser = new RuleParser(RuleLexer.Read(text));
        var root = parser.Or();
        return parser.Current.Kind == RuleTokenKind.End ? root : throw Unexpected(parser.Current);
    }

    private RuleNode Or()
    {
        var left = And();
        while (Take("||"))
        {
            left = new EitherNode(left, And(), AbsorbedBy: true);
        }

        return left;
    }

    private RuleNode And()
    {
        var left = Comparison();
        while (Take("&&"))
        {
            left = new EitherNode(left, Comparison(), AbsorbedBy: false);
        }

        return left;
    }

    private RuleNode Comparison()
    {
        var left = Unary();
        while (true)
        {
            if (Current is { Kind: RuleTokenKind.Sign } sign && _comparisons.Contains(sign.Value))
            {
                _next++;
                left = new ComparisonNode(sign.Value, left, Unary());
            }
            else if (Current is { Kind: RuleTokenKind.Name, Value: "in" })
            {
                _next++;
                left = new InNode(left, Unary());
            }
            else
            {
                return left;
            }
        }
    }

    private RuleNode Unary()
    {
        if (Take("!"))
        {
            return new NotNode(Unary());
        }

        if (Take("-"))
        {
            return Current.Kind == RuleTokenKind.Number
                ? new LiteralNode(RuleValue.Of(-_tokens[_next++].Number))
                : throw Unexpected(Current);
        }

        return Postfix(Primary());
    }

    private RuleNode Postfix(RuleNode node)
    {
        while (true)
        {
            if (Take("["))
            {
                node = new IndexNode(node, Or());
                Expect("]");
            }
            else if (Take("."))
            {
                var name = Name();
                node = Current is { Kind: RuleTokenKind.Sign, Value: "(" } ? Method(node, name) : new MemberNode(node, name.Value);
            }
            else
            {
                return node;
            }
        }
    }

    private RuleNode Primary()
    {
        var token = _tokens[_next];
        if (token.Kind != RuleTokenKind.End)
        {
            _next++;
        }

        switch (token)
        {
            case { Kind: RuleTokenKind.Text }:
                return new LiteralNode(RuleValue.Of(token.Value));
            case { Kind: RuleTokenKind.Number }:
                return new LiteralNode(RuleValue.Of(token.Number));
            case { Kind: RuleTokenKind.Sign, Value: "(" }:
                var inner = Or();
                Expect(")");
                return inner;
            case { Kind: RuleTokenKind.Sign, Value: "[" }:
                return new ListNode(Sequence("]"));
            case { Kind: RuleTokenKind.Name, Value: "true" or "false" }:
                return new LiteralNode(RuleValue.Of(token.Value == "true"));
            case { Kind: RuleTokenKind.Name, Value: "null" }:
                return new LiteralNode(RuleValue.Null);
            case { Kind: RuleTokenKind.Name, Value: "event" }:
                return new EventNode();
            case { Kind: RuleTokenKind.Name } when Current is { Kind: RuleTokenKind.Sign, Value: "(" }:
                return Function(token);
            case { Kind: RuleTokenKind.Name }:
                throw new RuleException($"'{token.Value}' is not known here; a rule sees only 'event' (position {token.At})");
            default:
                throw Unexpected(token);
        }
    }

    private RuleNode Function(RuleToken name)
    {
        if (name.Value is not ("has" or "size"))
        {
            throw new RuleException($"the function {name.Value}() is not supported (position {name.At})");
        }

        Expect("(");
        var arguments = Sequence(")");
        return (name.Value, arguments) switch
        {
            ("has", [MemberNode member]) => new HasNode(member),
            ("has", _) => throw new RuleException($"has() wants one member, as in has(event.data.x) (position {name.At})"),
            ("size", [var what]) => new SizeNode(what),
            _ => throw new RuleException($"{name.Value}() wants one argument (position {name.At})"),
        };
    }

    private RuleNode Method(RuleNode target, RuleToken name)
    {
        // Before its arguments, which may be of a kind that is not supported either and tells less.
        if (name.Value is not ("size" or "contains" or "startsWith" or "endsWith"))
        {
            throw new RuleException($"the function .{name.Value}() is not supported (position {name.At})");
        }

        Expect("(");
        var arguments = Sequence(")");
        return (name.Value, arguments) switch
        {
            ("size", []) => new SizeNode(target),
            ("contains" or "startsWith" or "endsWith", [var part]) => new TextTestNode(name.Value, target, part),
            _ => throw new RuleException($".{name.Value}() has the wrong number of arguments (position {name.At})"),
        };
    }

    private List<RuleNode> Sequence(string end)
    {
        var items = new List<RuleNode>();
        if (Take(end))
        {
            return items;
        }

        do
        {
            items.Add(Or());
        }
        while (Take(","));
        Expect(end);
        return items;
    }

    private RuleToken Name() => Current.Kind == RuleTokenKind.Name ? _tokens[_next++] : throw Unexpected(Current);

    private bool Take(string sign)
    {
        if (Current.Kind != RuleTokenKind.Sign || Current.Value != sign)
        {
            return false;
        }

        _next++;
        return true;
    }

    private void Expect(string sign)
    {
        if (!Take(sign))
        {
            throw Unexpected(Current);
        }
    }

    private static RuleException Unexpected(RuleToken token) => new($"'{token.Value}' is not expected at position {token.At}");
}
