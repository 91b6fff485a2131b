#nullable disable
using System.Runtime.Serialization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dapr.Actors;

/// <summary>
/// Names one actor of a type. Ids compare without regard to case and hash with regard to it, as in the official package: never let ids
/// differ in case alone.
/// </summary>
[JsonConverter(typeof(AsText))]
[DataContract(Name = "ActorId")]
public class ActorId
{
    [DataMember(Name = "ActorId", Order = 0, IsRequired = true)]
    private readonly string _id;

    /// <summary>An id of one's own.</summary>
    /// <exception cref="ArgumentException">It is null, empty or white space.</exception>
    public ActorId(string id)
    {
        if (string.IsNullOrWhiteSpace(id))
        {
            throw new ArgumentException("An actor's id cannot be null, empty or white space.", nameof(id));
        }

        _id = id;
    }

    /// <summary>Whether two ids are the same but for case.</summary>
    public static bool operator ==(ActorId id1, ActorId id2) => id1 is null ? id2 is null : id1.Equals(id2);

    /// <summary>Whether two ids differ by more than case.</summary>
    public static bool operator !=(ActorId id1, ActorId id2) => !(id1 == id2);

    /// <summary>A new id.</summary>
    public static ActorId CreateRandom() => new(Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString());

    /// <summary>The text of the id.</summary>
    public string GetId() => _id;

    /// <summary>The text of the id.</summary>
    public override string ToString() => _id;

    /// <inheritdoc/>
    public override int GetHashCode() => _id.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object obj) => Equals(obj as ActorId);

    /// <summary>Whether two ids are the same but for case.</summary>
    public bool Equals(ActorId other) => other is not null && string.Equals(_id, other._id, StringComparison.OrdinalIgnoreCase);

    /// <summary>Order of ids, without regard to case; null comes first.</summary>
    public int CompareTo(ActorId other) => other is null ? 1 : string.Compare(_id, other._id, StringComparison.OrdinalIgnoreCase);

    internal sealed class AsText : JsonConverter<ActorId>
    {
        public override ActorId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && reader.GetString() is { } text && !string.IsNullOrWhiteSpace(text)
                ? new ActorId(text)
                : throw new JsonException();

        public override void Write(Utf8JsonWriter writer, ActorId value, JsonSerializerOptions options) => writer.WriteStringValue(value.GetId());
    }
}
