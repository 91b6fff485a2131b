using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Xunit;

namespace Eco2.Services.Tests.OpenApi;

/// <summary>contracts/problems.json, which the gateway serves at /problems, is made from every way in which the code says no.
/// <c>ECO2_RECORD=1 ./eco2 test Services</c> writes it anew.</summary>
public sealed partial class ProblemDocumentTests
{
    private static readonly (string Service, Type List)[] Services =
    [
        ("auth", typeof(Eco2.Auth.Problems)),
        ("character", typeof(Eco2.Character.Problems)),
        ("gateway", typeof(Eco2.Edge.Problems)),
        ("image", typeof(Eco2.Image.Problems)),
        ("my", typeof(Eco2.My.Problems)),
        ("scan", typeof(Eco2.Scan.Problems)),
        ("sse-gateway", typeof(Eco2.SseGateway.Problems)),
    ];

    // What the framework, a broken dependency or a bug can make any of them say.
    private static readonly int[] Everywhere = [400, 404, 405, 413, 415, 500, 503];

    [Fact]
    public async Task The_list_of_problems_is_that_of_the_code()
    {
        var problems = new JsonArray();
        foreach (var (service, list) in Services)
        {
            foreach (var (code, (status, title, meaning)) in await OfAsync(service, list))
            {
                var slug = Problem.TypeOf(service, code).Split(':')[^1];
                var entry = new JsonObject
                {
                    ["type"] = Problem.TypeOf(service, code),
                    ["url"] = $"/problems/{service}/{slug}",
                    ["service"] = service,
                    ["code"] = code,
                    ["status"] = status,
                    ["title"] = title,
                };
                if (meaning is not null)
                {
                    entry["meaning"] = meaning;
                }

                entry["action"] = ProblemAdvice.For(code, status);
                problems.Add(entry);
            }
        }

        await RecordedFile.SameAsync("contracts/problems.json", new JsonObject { ["problems"] = problems }.ToJsonString(MergedDocument.Indented));
    }

    [Fact]
    public async Task Advice_is_given_for_nothing_that_does_not_exist()
    {
        var codes = (await Task.WhenAll(Services.Select(one => OfAsync(one.Service, one.List)))).SelectMany(all => all.Keys).ToHashSet();

        Assert.DoesNotContain(ProblemAdvice.Codes, code => !codes.Contains(code));
    }

    private static async Task<SortedDictionary<string, (int Status, string Title, string? Meaning)>> OfAsync(string service, Type list)
    {
        var found = new SortedDictionary<string, (int, string, string?)>(StringComparer.Ordinal);
        foreach (var factory in list.GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.DeclaredOnly))
        {
            if (factory.ReturnType == typeof(ProblemHttpResult) && factory.IsAssembly | factory.IsPublic && factory.Name != "Unreadable")
            {
                var (one, other) = (Make(factory, 1), Make(factory, 2));
                // What is said about one occasion is not what the problem means.
                var meaning = one.Detail == other.Detail && CodeOf(one) != "OVERLOADED" ? one.Detail : null;
                found[CodeOf(one)] = (one.Status!.Value, one.Title!, meaning);
            }
        }

        if (service == "image")
        {
            // It passes on what media found wrong with a picture.
            foreach (Match kind in MediaKind().Matches(await File.ReadAllTextAsync(TestSidecar.Repository("services/media/src/problems.ts"))))
            {
                found.TryAdd(kind.Groups[1].Value.ToUpperInvariant().Replace('-', '_'), (int.Parse(kind.Groups[2].Value, CultureInfo.InvariantCulture), kind.Groups[3].Value, null));
            }
        }

        foreach (var status in service == "gateway" ? [400, 500] : Everywhere)
        {
            var problem = new ProblemDetails { Status = status };
            Problem.Name(problem, service);
            found.TryAdd(CodeOf(problem), (status, problem.Title!, null));
        }

        var document = TestSidecar.Repository($"contracts/openapi/{service}.json");
        if (File.Exists(document) && (await File.ReadAllTextAsync(document)).Contains("\"Idempotency-Key\"", StringComparison.Ordinal) && !found.ContainsKey("IDEMPOTENCY_MISMATCH"))
        {
            foreach (var problem in new[] { IdempotentPost.Mismatch(service).ProblemDetails, IdempotentPost.InProgress(service).ProblemDetails })
            {
                found.TryAdd(CodeOf(problem), (problem.Status!.Value, problem.Title!, null));
            }
        }

        return found;
    }

    private static ProblemDetails Make(MethodInfo factory, int variant) =>
        ((ProblemHttpResult)factory.Invoke(null, [.. factory.GetParameters().Select(parameter => Sample(parameter, variant))])!).ProblemDetails;

    private static string CodeOf(ProblemDetails problem) => (string)problem.Extensions["code"]!;

    private static object? Sample(ParameterInfo parameter, int variant) => parameter.ParameterType switch
    {
        { } t when t == typeof(string) => variant == 1 ? "x" : "y",
        { } t when t == typeof(int) => variant,
        { } t when t == typeof(long) => (long)variant,
        { } t when t == typeof(TimeSpan) => TimeSpan.FromSeconds(variant),
        { } t when t == typeof(Guid) => variant == 1 ? Guid.Empty : Guid.AllBitsSet,
        { } t when t == typeof(IReadOnlyList<string>) => new[] { variant == 1 ? "x" : "y" },
        _ => new Dictionary<string, string[]>(),
    };

    [GeneratedRegex("""^\s*"([a-z-]+)": \[(413|415|422), "([^"]+)""", RegexOptions.Multiline)]
    private static partial Regex MediaKind();
}
