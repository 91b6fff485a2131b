using System.Globalization;

namespace Eco2.LoadGenerator;

/// <summary>Turns samples into the report of the measured window.</summary>
internal sealed class Window(LoadOptions options, int accounts, long began, long ended, TimeProvider clock)
{
    private readonly double seconds = clock.GetElapsedTime(began, ended).TotalSeconds;

    public LoadReport Report(Samples samples, IReadOnlyDictionary<long, double> modelTimes, double drainSeconds, LedgerReport check)
    {
        var (allScans, allSubmits) = samples.All();
        var scans = allScans.Where(scan => scan.FinishedAt >= began && scan.FinishedAt < ended).ToList();
        var submits = allSubmits.Where(submit => submit.At >= began && submit.At < ended).ToList();
        var done = scans.Where(scan => scan.Done).ToList();
        var timed = done.Where(scan => modelTimes.ContainsKey(scan.Number)).ToList();
        var model = Percentiles.Of(timed.Select(scan => modelTimes[scan.Number]));
        var endToEnd = Percentiles.Of(done.Select(scan => scan.EndToEndMs));
        var ideal = options.Users > 0 && model.Mean > 1 ? options.Users * 60_000 / model.Mean : 0;
        var perMinute = done.Count * 60 / seconds;
        return new LoadReport(
            options.Users,
            options.Rate,
            accounts,
            Math.Round(seconds, 2),
            submits.Count,
            submits.Count(submit => submit.Status == 202),
            submits.Count(submit => submit.Status == 429),
            submits.Count(submit => submit.Status == 503),
            submits.Count(submit => submit.Status is not (0 or 202 or 429 or 503)),
            submits.Count(submit => submit.Status == 0),
            samples.GaveUp,
            done.Count,
            scans.Count - done.Count,
            Math.Round(perMinute, 1),
            Math.Round(ideal, 1),
            ideal == 0 ? 0 : Math.Round(perMinute / ideal, 4),
            Percentiles.Of(submits.Where(submit => submit.Status == 202).Select(submit => submit.Ms)),
            Percentiles.Of(submits.Where(submit => submit.Status is 429 or 503).Select(submit => submit.Ms)),
            Percentiles.Of(scans.Select(scan => scan.FirstEventMs)),
            endToEnd,
            model,
            model.Mean,
            Percentiles.Of(timed.Select(scan => scan.EndToEndMs - modelTimes[scan.Number])),
            model.P95 > 1 ? Math.Round(endToEnd.P95 / model.P95, 4) : 0,
            Math.Round(drainSeconds, 1),
            check,
            [.. PerSecond(done, scan => scan.FinishedAt).Select(second => second.Count)],
            [.. PerSecond(done, scan => scan.FinishedAt).Select(second => Percentiles.Of(second.Select(scan => scan.EndToEndMs)).P95)],
            [.. PerSecond(submits.Where(submit => submit.Status == 202), submit => submit.At).Select(second => Percentiles.Of(second.Select(submit => submit.Ms)).P95)]);
    }

    /// <summary>What the stand-in says the models took, by scan.</summary>
    public static async Task<Dictionary<long, double>> ModelTimesAsync(Uri control, CancellationToken ct)
    {
        using var http = new HttpClient();
        var times = new Dictionary<long, double>();
        foreach (var line in (await http.GetStringAsync(new Uri(control, "/control/jobs"), ct)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = line.Split(' ');
            times[long.Parse(parts[0], CultureInfo.InvariantCulture)] =
                double.Parse(parts[1], CultureInfo.InvariantCulture) + double.Parse(parts[2], CultureInfo.InvariantCulture);
        }

        return times;
    }

    private List<T>[] PerSecond<T>(IEnumerable<T> items, Func<T, long> at)
    {
        var seconds = Enumerable.Range(0, (int)Math.Ceiling(this.seconds)).Select(_ => new List<T>()).ToArray();
        foreach (var item in items)
        {
            seconds[Math.Min(seconds.Length - 1, (int)clock.GetElapsedTime(began, at(item)).TotalSeconds)].Add(item);
        }

        return seconds;
    }
}
