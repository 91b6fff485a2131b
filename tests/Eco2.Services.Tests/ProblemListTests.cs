using System.Reflection;
using System.Text.RegularExpressions;
using Eco2.Contracts.Auth;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Xunit;

namespace Eco2.Services.Tests;

/// <summary>What a service refuses is what its README says it refuses.</summary>
public sealed partial class ProblemListTests
{
    [Theory]
    [InlineData("auth", typeof(Eco2.Auth.Problems))]
    [InlineData("gateway", typeof(Eco2.Edge.Problems))]
    [InlineData("image", typeof(Eco2.Image.Problems))]
    [InlineData("character", typeof(Eco2.Character.Problems))]
    [InlineData("my", typeof(Eco2.My.Problems))]
    public async Task The_README_lists_every_problem_of_the_service(string service, Type list)
    {
        var readme = await File.ReadAllTextAsync(TestSidecar.Repository($"services/{service}/README.md"));
        var written = Row().Matches(readme).Select(m => $"{m.Groups[1].Value} {m.Groups[2].Value}").ToHashSet();

        var made = list.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .Select(m => (ProblemHttpResult)m.Invoke(null, [.. m.GetParameters().Select(Sample)])!)
            .ToList();

        foreach (var problem in made)
        {
            var code = (string)problem.ProblemDetails.Extensions["code"]!;
            Assert.Equal(Problem.TypeOf(service, code), problem.ProblemDetails.Type);
            Assert.Contains($"{code} {problem.StatusCode}", written);
        }
    }

    [Fact]
    public void Identity_headers_have_the_names_of_the_contract()
    {
        Assert.Equal(
            (IdentityHeaders.UserId, IdentityHeaders.SessionId, IdentityHeaders.Provider, IdentityHeaders.Roles),
            (CurrentUser.UserIdHeader, CurrentUser.SessionIdHeader, CurrentUser.ProviderHeader, CurrentUser.RolesHeader));
    }

    private static object? Sample(ParameterInfo parameter) => parameter.ParameterType switch
    {
        { } t when t == typeof(string) => parameter.Name == "code" ? "IMAGE_UNREADABLE" : "x",
        { } t when t == typeof(int) => 422,
        { } t when t == typeof(long) => 1L,
        { } t when t == typeof(TimeSpan) => TimeSpan.FromSeconds(1),
        _ => new Dictionary<string, string[]>(),
    };

    [GeneratedRegex(@"^\| ([A-Z_]+)[^|]* \| (\d{3}) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
