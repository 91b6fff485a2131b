using Xunit.Abstractions;
using Xunit.Sdk;

namespace Eco2.Faults;

/// <summary>Theories in the order of their data, then the facts by name: the reckoning comes last.</summary>
public sealed class InTurn : ITestCaseOrderer
{
    public IEnumerable<TTestCase> OrderTestCases<TTestCase>(IEnumerable<TTestCase> testCases)
        where TTestCase : ITestCase =>
        testCases.OrderBy(test => test.TestMethod.Method.Name, StringComparer.Ordinal)
            .ThenBy(test => test.TestMethodArguments is [string fault] ? Fault.All.ToList().FindIndex(one => one.Name == fault) : 0);
}
