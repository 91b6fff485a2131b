using System.Runtime.CompilerServices;
using System.Text.Json;

namespace EmbeddedSidecar.PubSub.Routing;

/// <summary>A value while a rule is computed. A missing member is a value too, because <c>a || b</c> may not care.</summary>
internal readonly record struct RuleValue
{
    public static readonly RuleValue Null = new() { Kind = JsonValueKind.Null };

    public JsonValueKind Kind { get; private init; }

    public string? Text { get; private init; }

    public double Number { get; private init; }

    public JsonElement Element { get; private init; }

    /// <summary>Of a list; of one inside the event they are read when they are asked for, and so not deeper than a rule looks.</summary>
    public IReadOnlyList<RuleValue>? Items
    {
        get
        {
            if (field is null && Kind == JsonValueKind.Array)
            {
                return [.. Element.EnumerateArray().Select(Of)];
            }

            return field;
        }

        private init;
    }

    /// <summary>Why there is no value.</summary>
    public string? Failure { get; private init; }

    public bool IsTrue => Kind == JsonValueKind.True;

    public bool IsBoolean => Kind is JsonValueKind.True or JsonValueKind.False;

    public static RuleValue Of(string text) => new() { Kind = JsonValueKind.String, Text = text };

    public static RuleValue Of(double number) => new() { Kind = JsonValueKind.Number, Number = number };

    public static RuleValue Of(bool flag) => new() { Kind = flag ? JsonValueKind.True : JsonValueKind.False };

    public static RuleValue Of(IReadOnlyList<RuleValue> items) => new() { Kind = JsonValueKind.Array, Items = items };

    public static RuleValue Failed(string why) => new() { Kind = JsonValueKind.Undefined, Failure = why };

    public static RuleValue Of(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => Of(element.GetString()!),
        JsonValueKind.Number => Of(element.GetDouble()),
        JsonValueKind.True or JsonValueKind.False => Of(element.GetBoolean()),
        var kind => new RuleValue { Kind = kind, Element = element },
    };

    /// <summary>CEL's equality: values of different kinds are unequal, never an error.</summary>
    /// <exception cref="InsufficientExecutionStackException">Two members of the event nest deeper than can be compared.</exception>
    public bool SameAs(RuleValue other)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return Kind == other.Kind && Kind switch
        {
            JsonValueKind.String => Text == other.Text,
            JsonValueKind.Number => Number.Equals(other.Number),
            JsonValueKind.Object => JsonElement.DeepEquals(Element, other.Element),
            JsonValueKind.Array => HasSameItems(Items!, other.Items!),
            _ => true,
        };
    }

    private static bool HasSameItems(IReadOnlyList<RuleValue> one, IReadOnlyList<RuleValue> other) =>
        one.Count == other.Count && one.Zip(other).All(pair => pair.First.SameAs(pair.Second));
}
