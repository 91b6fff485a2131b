using System.Diagnostics;
using System.Globalization;
using System.Runtime.Serialization;
using System.Text;
using System.Xml;

namespace Dapr.Actors.Communication;

/// <summary>An exception on its way from an actor to its caller: where it came from in a header, type and message in the body.</summary>
[DataContract(Name = "ActorInvokeExceptionData", Namespace = RemotingHeaders.Namespace)]
internal sealed class RemoteFailure
{
    private static readonly DataContractSerializer Serializer = new(typeof(RemoteFailure));

    [DataMember]
    public string? Type { get; set; }

    [DataMember]
    public string? Message { get; set; }

    public static (string Header, byte[] Body) Write(Exception failure)
    {
        var frame = new StackTrace(failure, fNeedFileInfo: true).GetFrame(0);
        var details = string.Create(
            CultureInfo.InvariantCulture,
            $"Exception: {failure.GetType().Name}, Method Name: {frame?.GetMethod()?.Name}, Line Number: {frame?.GetFileLineNumber()}, Exception uuid: {Guid.CreateVersion7(TimeProvider.System.GetUtcNow())}");
        var header = new ActorErrorHeader
        {
            Headers = { [ActorErrorHeader.IsError] = [], [ActorErrorHeader.Details] = Encoding.UTF8.GetBytes(details) },
        };
        using var stream = new MemoryStream();
        using (var writer = XmlDictionaryWriter.CreateBinaryWriter(stream, dictionary: null, session: null, ownsStream: false))
        {
            Serializer.WriteObject(writer, new RemoteFailure { Type = failure.GetType().FullName, Message = failure.Message });
        }

        return (RemotingHeaders.Write(header), stream.ToArray());
    }

    public static ActorMethodInvocationException Read(string header, byte[] body)
    {
        using var reader = XmlDictionaryReader.CreateBinaryReader(body, XmlDictionaryReaderQuotas.Max);
        var failure = (RemoteFailure)Serializer.ReadObject(reader)!;
        var details = RemotingHeaders.ReadError(header).Headers.TryGetValue(ActorErrorHeader.Details, out var bytes) ? Encoding.UTF8.GetString(bytes) : "";
        return new ActorMethodInvocationException(
            "Remote Actor Method Exception,  DETAILS: " + details, new ActorInvokeException(failure.Type, failure.Message), isTransient: false);
    }
}
