using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Eco2.Services.Tests.OpenApi;

/// <summary>The comments of the code, from the files the compiler writes beside the assemblies.</summary>
internal static partial class XmlDocs
{
    private static readonly ConcurrentDictionary<Assembly, Dictionary<string, XElement>> Files = [];

    public static string? Of(Type type) => Member(type)?.Element("summary") is { } summary ? Text(summary) : null;

    /// <summary>Of a member of a record: its parameter, or the property itself.</summary>
    public static string? Of(JsonPropertyInfo property)
    {
        if (property.AttributeProvider is not PropertyInfo { DeclaringType: { } type } member)
        {
            return null;
        }

        var parameter = Member(type)?.Elements("param").FirstOrDefault(p => string.Equals((string?)p.Attribute("name"), member.Name, StringComparison.Ordinal));
        var own = FileOf(type.Assembly).GetValueOrDefault($"P:{Id(type)}.{member.Name}");
        return Text(parameter ?? own?.Element("summary") ?? own?.Element("value"));
    }

    private static XElement? Member(Type type) => FileOf(type.Assembly).GetValueOrDefault($"T:{Id(type)}");

    private static string Id(Type type) => (type.FullName ?? "").Replace('+', '.');

    private static Dictionary<string, XElement> FileOf(Assembly assembly) => Files.GetOrAdd(assembly, static a =>
        Path.ChangeExtension(a.Location, ".xml") is var path && File.Exists(path)
            ? XDocument.Load(path).Descendants("member").ToDictionary(m => (string)m.Attribute("name")!, StringComparer.Ordinal)
            : []);

    private static string? Text(XElement? element)
    {
        if (element is null)
        {
            return null;
        }

        foreach (var reference in element.Descendants().Where(e => e.Name == "see" || e.Name == "paramref").ToList())
        {
            reference.ReplaceWith(((string?)reference.Attribute("cref") ?? (string?)reference.Attribute("name") ?? (string?)reference.Attribute("langword") ?? "").Split('.', ':')[^1]);
        }

        return Spaces().Replace(element.Value, " ").Trim() is { Length: > 0 } text ? text : null;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
