using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Google.Protobuf;
using Xunit;

namespace EmbeddedSidecar.Tests.Bindings;

/// <summary>bindings.localstorage over gRPC, where data is bytes.</summary>
public sealed class LocalStorageTests : IAsyncLifetime
{
    private LocalStorage _storage = null!;
    private GrpcWire _wire = null!;

    public async Task InitializeAsync()
    {
        _storage = await LocalStorage.StartAsync();
        _wire = new GrpcWire(_storage.App.GrpcEndpoint);
    }

    public async Task DisposeAsync()
    {
        _wire.Dispose();
        await _storage.DisposeAsync();
    }

    // A literal of Go loses its quotes. One of JSON that Go does not know keeps them: what many serializers make of 😀, for one.
    [Theory]
    [InlineData("plain text", "plain text")]
    [InlineData("\"quoted text\"", "quoted text")]
    [InlineData(""" "a\tb\"\u00e9\x41\101\\" """, "a\tb\"éAA\\")]
    [InlineData(""" "\uD83D\uDE00" """, """ "\uD83D\uDE00" """)]
    [InlineData(""" "\U0001F600" """, "😀")]
    [InlineData(""" "a\/b" """, """ "a\/b" """)]
    [InlineData(""" "it\'s" """, """ "it\'s" """)]
    [InlineData(""" "one" and "two" """, """ "one" and "two" """)]
    [InlineData("\"two\nlines\"", "\"two\nlines\"")]
    [InlineData("`raw\r\n\\n`", "raw\n\\n")]
    [InlineData("'é'", "é")]
    [InlineData("'no'", "'no'")]
    [InlineData("\"", "\"")]
    public async Task Quotes_are_those_of_go(string data, string expected)
    {
        var (sent, kept) = data.StartsWith(' ') ? (data.Trim(), expected.Trim()) : (data, expected);

        await InvokeAsync("create", "f", sent);

        Assert.Equal(kept, await File.ReadAllTextAsync(Path.Combine(_storage.Root, "f")));
    }

    [Theory]
    [InlineData("QUJD", "ABC")]
    [InlineData("QUJDRA==", "ABCD")]
    [InlineData("QUJDRB==", "ABCD")]
    [InlineData("\"QUJD\\r\\nRA==\\n\"", "ABCD")]
    [InlineData("QUJD RA==", "QUJD RA==")]
    [InlineData("QUJDRA", "QUJDRA")]
    [InlineData("QUJ-", "QUJ-")]
    [InlineData("", "")]
    public async Task What_happens_to_be_base64_is_decoded(string data, string expected)
    {
        await InvokeAsync("create", "f", data);

        Assert.Equal(expected, await File.ReadAllTextAsync(Path.Combine(_storage.Root, "f")));
    }

    [Fact]
    public async Task A_list_goes_folder_by_folder_and_an_empty_one_is_null()
    {
        Assert.Equal("null", await InvokeAsync("list"));
        foreach (var name in (string[])["a/b.txt", "a.txt", "B.txt", """w\x.txt"""])
        {
            Assert.Equal(name, System.Text.Json.JsonDocument.Parse(await InvokeAsync("create", name, "x y")).RootElement.GetProperty("fileName").GetString());
        }

        var listed = System.Text.Json.JsonSerializer.Deserialize<string[]>(await InvokeAsync("list"))!;

        Assert.Equal(["B.txt", "a/b.txt", "a.txt", """w\x.txt"""], listed.Select(path => Path.GetRelativePath(_storage.Root, path)));
    }

    [Theory]
    [InlineData("get", "none", "file not found: {0}/none")]
    [InlineData("get", "folder", "error reading file {0}/folder: read {0}/folder: is a directory")]
    [InlineData("get", "", "error reading file {0}: read {0}: is a directory")]
    [InlineData("delete", "none", "error deleting file {0}/none: remove {0}/none: no such file or directory")]
    [InlineData("delete", "folder", "error deleting file {0}/folder: remove {0}/folder: directory not empty")]
    [InlineData("list", "none", "error getting stats for path {0}/none: stat {0}/none: no such file or directory")]
    [InlineData("list", "folder/file", "unable to list files as the file specified is not a directory: {0}/folder/file")]
    [InlineData("create", "folder", "error creating file {0}/folder: open {0}/folder: is a directory")]
    public async Task What_cannot_be_done_is_told_in_these_words(string operation, string name, string expected)
    {
        Directory.CreateDirectory(Path.Combine(_storage.Root, "folder"));
        await File.WriteAllTextAsync(Path.Combine(_storage.Root, "folder/file"), "x");

        var refused = await Assert.ThrowsAsync<WireException>(() => InvokeAsync(operation, name));

        Assert.Equal((13, "error invoking output binding objects: " + string.Format(null, expected, _storage.Root)), (refused.Code, refused.Detail));
    }

    [Fact]
    public async Task The_letter_case_of_metadata_counts_and_an_empty_folder_can_be_deleted()
    {
        await InvokeAsync("create", "d/f", "x y");
        await InvokeAsync("delete", "d/f");
        await InvokeAsync("delete", "d");

        await CallAsync("create", new() { ["filename"] = "mine" }, "x y");

        Assert.NotEqual("mine", Path.GetFileName(Directory.GetFileSystemEntries(_storage.Root).Single()));
    }

    private Task<string> InvokeAsync(string operation, string name = "", string data = "") => CallAsync(operation, new() { ["fileName"] = name }, data);

    private async Task<string> CallAsync(string operation, Dictionary<string, string> metadata, string data)
    {
        var request = new InvokeBindingRequest { Name = "objects", Operation = operation, Data = ByteString.CopyFromUtf8(data), Metadata = { metadata } };
        return (await _wire.UnaryAsync<InvokeBindingResponse>("/dapr.proto.runtime.v1.Dapr/InvokeBinding", request)).Data.ToStringUtf8();
    }
}
