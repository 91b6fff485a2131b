using Eco2.Contracts.Privacy;
using Eco2.ServiceDefaults;

namespace Eco2.Worker.Privacy;

/// <summary>What exports that were not finished had written.</summary>
internal sealed class Leftovers(ObjectStore objects)
{
    /// <summary>They wrote their objects in order, so the first that is not there ends the search; deleted from the last, they keep that order.</summary>
    internal async Task DeleteAsync(Guid exportId, CancellationToken ct)
    {
        foreach (var step in PrivacySteps.Export)
        {
            var names = new List<string>();
            while (Name(exportId, step, names.Count + 1) is var name && await objects.GetAsync(name, ct) is not null)
            {
                names.Add(name);
            }

            names.Reverse();
            foreach (var name in names)
            {
                await objects.DeleteAsync(name, ct);
            }
        }
    }

    private static string Name(Guid exportId, string step, int number) =>
        step == PrivacySteps.Archive ? ExportObjects.Part(exportId, number) : ExportObjects.Page(exportId, step, number);
}
