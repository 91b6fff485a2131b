using System.Text;
using Google.Protobuf;

namespace Eco2.Cli.Tests.Observe;

/// <summary>Writes what an exporter sends: an ExportTraceServiceRequest, field by field from the protocol's description.</summary>
internal static class Otlp
{
    public static byte[] Request(string service, params byte[][] spans) =>
        Message(Bytes(1, Message(
            Bytes(1, Message(Tag(1, "service.name", service))),
            Bytes(2, Message([.. spans.Select(span => Bytes(2, span))])))));

    public static byte[] Span(string trace, string id, string name, int kind = 2, string parent = "", (string Name, string Value)[]? tags = null, double startMs = 1_000, double endMs = 2_000, byte[][]? events = null, int status = 0) =>
        Message(
        [
            Bytes(1, Convert.FromHexString(trace)), Bytes(2, Convert.FromHexString(id)), Bytes(4, Convert.FromHexString(parent)), Bytes(5, Encoding.UTF8.GetBytes(name)),
            output => Number(output, 6, kind), Time(7, startMs), Time(8, endMs),
            .. (tags ?? []).Select(tag => Tag(9, tag.Name, tag.Value)),
            .. (events ?? []).Select(one => Bytes(11, one)),
            Bytes(15, Message(output => Number(output, 3, status))),
        ]);

    public static byte[] JobEvent(double atMs, string stage, string status) =>
        Message(Time(1, atMs), Bytes(2, "eco2.job"u8.ToArray()), Tag(3, "eco2.job.stage", stage), Tag(3, "eco2.job.status", status));

    private static Action<CodedOutputStream> Tag(int field, string name, string value) =>
        Bytes(field, Message(Bytes(1, Encoding.UTF8.GetBytes(name)), Bytes(2, Message(Bytes(1, Encoding.UTF8.GetBytes(value))))));

    private static Action<CodedOutputStream> Time(int field, double ms) => output =>
    {
        output.WriteTag(field, WireFormat.WireType.Fixed64);
        output.WriteFixed64((ulong)(ms * 1e6));
    };

    private static Action<CodedOutputStream> Bytes(int field, byte[] bytes) => output =>
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(bytes));
    };

    private static void Number(CodedOutputStream output, int field, int value)
    {
        output.WriteTag(field, WireFormat.WireType.Varint);
        output.WriteInt32(value);
    }

    private static byte[] Message(params Action<CodedOutputStream>[] fields)
    {
        using var memory = new MemoryStream();
        using (var output = new CodedOutputStream(memory, leaveOpen: true))
        {
            Array.ForEach(fields, field => field(output));
        }

        return memory.ToArray();
    }
}
