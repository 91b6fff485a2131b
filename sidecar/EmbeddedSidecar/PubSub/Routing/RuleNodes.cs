using System.Text.Json;

namespace EmbeddedSidecar.PubSub.Routing;

/// <summary>A part of a rule that has a value for each event.</summary>
internal abstract record RuleNode
{
    public abstract RuleValue Of(RuleValue message);
}

internal sealed record LiteralNode(RuleValue Value) : RuleNode
{
    public override RuleValue Of(RuleValue message) => Value;
}

internal sealed record EventNode : RuleNode
{
    public override RuleValue Of(RuleValue message) => message;
}

internal sealed record ListNode(List<RuleNode> Items) : RuleNode
{
    public override RuleValue Of(RuleValue message)
    {
        var values = new RuleValue[Items.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Items[i].Of(message);
            if (values[i].Failure is not null)
            {
                return values[i];
            }
        }

        return RuleValue.Of(values);
    }
}

internal sealed record MemberNode(RuleNode Target, string Name) : RuleNode
{
    public override RuleValue Of(RuleValue message)
    {
        var target = Target.Of(message);
        return target switch
        {
            { Failure: not null } => target,
            { Kind: JsonValueKind.Object } when target.Element.TryGetProperty(Name, out var member) => RuleValue.Of(member),
            { Kind: JsonValueKind.Object } => RuleValue.Failed($"no such key: {Name}"),
            _ => RuleValue.Failed($"'{Name}' is asked of something that has no members"),
        };
    }

    public RuleValue Exists(RuleValue message)
    {
        var target = Target.Of(message);
        return target switch
        {
            { Failure: not null } => target,
            { Kind: JsonValueKind.Object } => RuleValue.Of(target.Element.TryGetProperty(Name, out _)),
            _ => RuleValue.Failed($"'{Name}' is asked of something that has no members"),
        };
    }
}

internal sealed record HasNode(MemberNode Member) : RuleNode
{
    public override RuleValue Of(RuleValue message) => Member.Exists(message);
}

internal sealed record IndexNode(RuleNode Target, RuleNode Index) : RuleNode
{
    public override RuleValue Of(RuleValue message)
    {
        var index = Index.Of(message);
        if (index is { Kind: JsonValueKind.String })
        {
            return new MemberNode(Target, index.Text!).Of(message);
        }

        var target = Target.Of(message);
        return (target, index) switch
        {
            ({ Failure: not null }, _) => target,
            (_, { Failure: not null }) => index,
            ({ Kind: JsonValueKind.Array }, { Kind: JsonValueKind.Number, Number: var at })
                when at >= 0 && at < target.Items!.Count && double.IsInteger(at) => target.Items[(int)at],
            _ => RuleValue.Failed("index out of bounds"),
        };
    }
}

internal sealed record NotNode(RuleNode Inner) : RuleNode
{
    public override RuleValue Of(RuleValue message)
    {
        var value = Inner.Of(message);
        return value.Failure is not null ? value
            : value.IsBoolean ? RuleValue.Of(!value.IsTrue)
            : RuleValue.Failed("'!' wants true or false");
    }
}

/// <summary><c>||</c> and <c>&amp;&amp;</c>: as CEL has it, one side that decides outweighs an error on the other, whichever side that is.</summary>
internal sealed record EitherNode(RuleNode Left, RuleNode Right, bool AbsorbedBy) : RuleNode
{
    public override RuleValue Of(RuleValue message)
    {
        var left = Left.Of(message);
        if (left.IsBoolean && left.IsTrue == AbsorbedBy)
        {
            return left;
        }

        var right = Right.Of(message);
        return right.IsBoolean && right.IsTrue == AbsorbedBy ? right
            : left.Failure is not null ? left
            : right.Failure is not null ? right
            : left.IsBoolean && right.IsBoolean ? right
            : RuleValue.Failed("'&&' and '||' want true or false");
    }
}

internal sealed record ComparisonNode(string Sign, RuleNode Left, RuleNode Right) : RuleNode
{
    public override RuleValue Of(RuleValue message)
    {
        var (left, right) = (Left.Of(message), Right.Of(message));
        if (left.Failure is not null || right.Failure is not null)
        {
            return left.Failure is not null ? left : right;
        }

        if (Sign is "==" or "!=")
        {
            return RuleValue.Of(left.SameAs(right) == (Sign == "=="));
        }

        int order;
        if (left.Kind == JsonValueKind.Number && right.Kind == JsonValueKind.Number)
        {
            order = left.Number.CompareTo(right.Number);
        }
        else if (left.Kind == JsonValueKind.String && right.Kind == JsonValueKind.String)
        {
            order = string.CompareOrdinal(left.Text, right.Text);
        }
        else
        {
            return RuleValue.Failed($"no such overload: {left.Kind} {Sign} {right.Kind}");
        }

        return RuleValue.Of(Sign switch { "<" => order < 0, "<=" => order <= 0, ">" => order > 0, _ => order >= 0 });
    }
}

internal sealed record InNode(RuleNode Item, RuleNode Container) : RuleNode
{
    public override RuleValue Of(RuleValue message)
    {
        var (item, container) = (Item.Of(message), Container.Of(message));
        return (item, container) switch
        {
            ({ Failure: not null }, _) => item,
            (_, { Failure: not null }) => container,
            (_, { Kind: JsonValueKind.Array }) => RuleValue.Of(container.Items!.Any(one => one.SameAs(item))),
            ({ Kind: JsonValueKind.String }, { Kind: JsonValueKind.Object }) =>
                RuleValue.Of(container.Element.TryGetProperty(item.Text!, out _)),
            _ => RuleValue.Failed("'in' wants a list or a map on its right"),
        };
    }
}

internal sealed record SizeNode(RuleNode Target) : RuleNode
{
    public override RuleValue Of(RuleValue message)
    {
        var target = Target.Of(message);
        return target switch
        {
            { Failure: not null } => target,
            { Kind: JsonValueKind.String } => RuleValue.Of(target.Text!.EnumerateRunes().Count()),
            { Kind: JsonValueKind.Array } => RuleValue.Of(target.Items!.Count),
            { Kind: JsonValueKind.Object } => RuleValue.Of(target.Element.GetPropertyCount()),
            _ => RuleValue.Failed("size() wants a text, a list or a map"),
        };
    }
}

internal sealed record TextTestNode(string Name, RuleNode Target, RuleNode Part) : RuleNode
{
    public override RuleValue Of(RuleValue message)
    {
        var (target, part) = (Target.Of(message), Part.Of(message));
        return (target, part) switch
        {
            ({ Failure: not null }, _) => target,
            (_, { Failure: not null }) => part,
            ({ Kind: JsonValueKind.String, Text: { } text }, { Kind: JsonValueKind.String, Text: { } other }) => RuleValue.Of(Name switch
            {
                "contains" => text.Contains(other, StringComparison.Ordinal),
                "startsWith" => text.StartsWith(other, StringComparison.Ordinal),
                _ => text.EndsWith(other, StringComparison.Ordinal),
            }),
            _ => RuleValue.Failed($"{Name}() wants texts"),
        };
    }
}
