using System.Collections.Concurrent;
using System.Runtime.Serialization;
using System.Xml;

namespace Dapr.Actors.Communication;

/// <summary>Binary XML of data contracts. An actor in it is a reference to that actor.</summary>
internal sealed class XmlBodyFormat : BodyFormat
{
    public static readonly XmlBodyFormat Instance = new();

    private readonly ConcurrentDictionary<Type, DataContractSerializer> _serializers = new();

    public override byte[] Write(object body)
    {
        using var stream = new MemoryStream();
        using (var writer = XmlDictionaryWriter.CreateBinaryWriter(stream, dictionary: null, session: null, ownsStream: false))
        {
            For(body.GetType()).WriteObject(writer, new Envelope { Value = body });
        }

        return stream.ToArray();
    }

    public override object? Read(byte[] bytes, Type type)
    {
        if (bytes.Length == 0)
        {
            return null;
        }

        using var reader = XmlDictionaryReader.CreateBinaryReader(bytes, XmlDictionaryReaderQuotas.Max);
        return ((Envelope?)For(type).ReadObject(reader))?.Value;
    }

    private DataContractSerializer For(Type body) => _serializers.GetOrAdd(body, static type =>
    {
        var serializer = new DataContractSerializer(typeof(Envelope), [typeof(ActorReference), type]);
        serializer.SetSerializationSurrogateProvider(new ActorsAsReferences());
        return serializer;
    });

    [DataContract(Name = "WrappedMsgBody", Namespace = RemotingHeaders.Namespace)]
    private sealed class Envelope
    {
        [DataMember(Name = "value", IsRequired = true)]
        public object? Value { get; set; }
    }

    private sealed class ActorsAsReferences : ISerializationSurrogateProvider
    {
        public Type GetSurrogateType(Type type) => typeof(IActor).IsAssignableFrom(type) ? typeof(ActorReference) : type;

        public object GetObjectToSerialize(object obj, Type targetType) => obj is IActor ? ActorReference.Get(obj) : obj;

        public object GetDeserializedObject(object obj, Type targetType) =>
            obj is ActorReference reference && typeof(IActor).IsAssignableFrom(targetType) ? reference.Bind(targetType) : obj;
    }
}
