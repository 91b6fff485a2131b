namespace EmbeddedSidecar.Resources;

/// <summary>An HTTPEndpoint before secrets are put in.</summary>
/// <param name="Values">Its headers, as if it were a component with such metadata.</param>
/// <param name="Tls">Its certificates, likewise: rootCA, certificate, privateKey.</param>
/// <param name="Renegotiates">The server may negotiate anew.</param>
internal sealed record HttpEndpointResource(string BaseUrl, ComponentResource Values, ComponentResource? Tls, bool Renegotiates);

/// <summary>Reads an HTTPEndpoint.</summary>
internal static class HttpEndpointFile
{
    public static HttpEndpointResource Read(YamlMap document, string name)
    {
        document.RefuseOthers("an HTTPEndpoint", "apiVersion", "kind", "metadata", "spec", "scopes", "auth");
        var spec = document.Map("spec") ?? throw document.Refuse("spec", "is missing");
        spec.RefuseOthers("an HTTPEndpoint's spec", "baseUrl", "headers", "clientTLS");
        var url = spec.Required("baseUrl");
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw spec.Refuse("baseUrl", "is no address such as https://example.com");
        }

        var store = document.Map("auth")?.Text("secretStore");
        var tls = spec.Map("clientTLS");
        return new HttpEndpointResource(
            url,
            Like([.. spec.Maps("headers").Select(ComponentFile.Entry)]),
            tls is null ? null : Like(Certificates(tls)),
            tls is not null && Renegotiates(tls));

        ComponentResource Like(IReadOnlyList<MetadataEntry> entries) => new(name, "HTTPEndpoint", "", document.File, entries, store, false, null);
    }

    private static List<MetadataEntry> Certificates(YamlMap tls)
    {
        tls.RefuseOthers("clientTLS", "rootCA", "certificate", "privateKey", "renegotiation");
        if (tls.Map("privateKey") is not null && tls.Map("certificate") is null)
        {
            throw tls.Refuse("certificate", "is missing beside privateKey");
        }

        var entries = new List<MetadataEntry>();
        foreach (var name in (string[])["rootCA", "certificate", "privateKey"])
        {
            if (tls.Map(name) is { } given)
            {
                given.RefuseOthers(name, "value", "secretKeyRef");
                var secret = given.Map("secretKeyRef");
                var secretName = secret?.Required("name");
                entries.Add(new MetadataEntry(name, given.Text("value"), secretName, secret?.Text("key") ?? secretName, null));
            }
        }

        return entries;
    }

    private static bool Renegotiates(YamlMap tls) => tls.Text("renegotiation") switch
    {
        null or "" or "RenegotiateNever" => false,
        "RenegotiateOnceAsClient" or "RenegotiateFreelyAsClient" => true,
        var other => throw tls.Refuse("renegotiation", $"is no way to renegotiate: \"{other}\""),
    };
}
