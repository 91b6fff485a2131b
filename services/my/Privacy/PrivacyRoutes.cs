using Eco2.Contracts.Image;
using Eco2.ServiceDefaults;

namespace Eco2.My.Privacy;

/// <summary>Export, deletion and settings.</summary>
internal static class PrivacyRoutes
{
    public static void Add(WebApplicationBuilder builder)
    {
        builder.AddEco2Outbox().AddEco2UserData(
            new UserTable("profiles", "user_id"),
            new UserTable("settings", "user_id"),
            new UserTable("characters", "code"),
            new UserTable("scans", "job_id"),
            new UserTable("exports", "id") { BeforeErase = (services, work, _, ids, ct) => SweepExports.DeleteObjectsAsync(services, work, ids, ct) },
            new UserTable("idempotent_answers", "key") { IsExported = false },
            // Whatever a letter is about, it names its user somewhere.
            new UserTable("dead_letters", "id") { IsExported = false, Where = "position(convert_to($1::uuid::text, 'UTF8') in t.payload) > 0" },
            // The receipt ends the deletion and forgets the user by itself.
            new UserTable("deletions", "id") { IsExported = false, IsErased = false });
        builder.Services.AddObjectStore(ImageObjects.Binding).AddSingleton<Accounts>().AddSingleton<Histories>();
    }

    public static void Map(IEndpointRouteBuilder routes, RouteGroupBuilder me)
    {
        AskExport.Map(me);
        GetExport.Map(me);
        DeleteUser.Map(me);
        Settings.Map(me);
        GetDeletion.Map(routes);
        NoteProgress.Map(routes);
        SweepExports.Map(routes);
        routes.MapUserData();
    }
}
