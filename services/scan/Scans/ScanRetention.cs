using Eco2.ServiceDefaults;

namespace Eco2.Scan.Scans;

/// <summary>How long things are kept, and who gets or ends them.</summary>
internal static class ScanRetention
{
    internal static void Add(WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Histories>().AddSingleton<ForgetScans>();
        builder.AddEco2UserData(
            new UserTable("submissions", "key"),
            new UserTable("scans", "job_id"),
            new UserTable("forgotten", "job_id"),
            new UserTable("retention", "user_id"));
    }

    internal static void Map(IEndpointRouteBuilder routes)
    {
        OnRetentionChanged.Map(routes);
        SweepScans.Map(routes);
        routes.MapUserData();
    }
}
