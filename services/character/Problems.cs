using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.Character;

/// <summary>Every way this service says no; the README lists the same.</summary>
internal static class Problems
{
    public static ProblemHttpResult Invalid(string member) => Problem.Validation("character", member, "This member is required.");

    public static ProblemHttpResult NotFound() => Problem.Of("character", "NOT_FOUND", 404, "There is nothing here.");
}
