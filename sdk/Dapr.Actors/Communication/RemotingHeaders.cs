using System.Runtime.Serialization;
using System.Text;
using System.Xml;

namespace Dapr.Actors.Communication;

/// <summary>The XML that travels in headers beside a typed call: who is called, and on the way back that it threw.</summary>
internal static class RemotingHeaders
{
    public const string Namespace = "urn:actors";

    public const string Request = "X-DaprRequestHeader";

    public const string Error = "X-DaprErrorResponseHeader";

    // Both travel as an object with its type named: the root element is anyType.
    private static readonly DataContractSerializer Requests = new(typeof(object), [typeof(ActorRequestHeader)]);
    private static readonly DataContractSerializer Errors = new(typeof(object), [typeof(ActorErrorHeader)]);

    public static string Write(ActorRequestHeader header) => Write(Requests, header);

    public static string Write(ActorErrorHeader header) => Write(Errors, header);

    public static ActorRequestHeader ReadRequest(string header) => (ActorRequestHeader)Read(Requests, header);

    public static ActorErrorHeader ReadError(string header) => (ActorErrorHeader)Read(Errors, header);

    private static string Write(DataContractSerializer serializer, object header)
    {
        using var stream = new MemoryStream();
        using (var writer = XmlDictionaryWriter.CreateTextWriter(stream, Encoding.UTF8, ownsStream: false))
        {
            serializer.WriteObject(writer, header);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static object Read(DataContractSerializer serializer, string header)
    {
        using var reader = XmlDictionaryReader.CreateTextReader(Encoding.UTF8.GetBytes(header), XmlDictionaryReaderQuotas.Max);
        return serializer.ReadObject(reader) ?? throw new SerializationException("The header is empty.");
    }
}

[DataContract(Name = "ActorHeader", Namespace = RemotingHeaders.Namespace)]
internal sealed class ActorRequestHeader
{
    [DataMember(IsRequired = true, Order = 0)]
    public int MethodId { get; set; }

    [DataMember(IsRequired = true, Order = 1)]
    public int InterfaceId { get; set; }

    [DataMember(EmitDefaultValue = false, Order = 2)]
    public string? InvocationId { get; set; }

    [DataMember(Order = 3)]
    public ActorId? ActorId { get; set; }

    [DataMember(Order = 4)]
    public string? CallContext { get; set; }

    [DataMember(IsRequired = true, Order = 5)]
    public Dictionary<string, byte[]> Headers { get; set; } = [];

    [DataMember(Order = 6)]
    public string? MethodName { get; set; }

    [DataMember(Order = 7)]
    public string? ActorType { get; set; }
}

[DataContract(Name = "ActorResponseMessageHeaders", Namespace = RemotingHeaders.Namespace)]
internal sealed class ActorErrorHeader
{
    public const string IsError = "HasRemoteException";

    public const string Details = "RemoteMethodException";

    [DataMember(IsRequired = true)]
    public Dictionary<string, byte[]> Headers { get; set; } = [];
}
