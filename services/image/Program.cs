using Eco2.Contracts;
using Eco2.Contracts.Image;
using Eco2.Image.Pictures;
using Eco2.Image.Uploads;
using Eco2.ServiceDefaults;

namespace Eco2.Image;

internal static class Program
{
    private static Task Main(string[] args) => Build(args).RunAsync();

    internal static WebApplication Build(string[] args, Action<WebApplicationBuilder>? adjust = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.AddEco2("image", ContractsJson.Default).AddEco2Database(typeof(Program).Assembly)
            .AddEco2UserData(new UserTable("images", "key", "owner_id") { BeforeErase = (services, _, _, keys, ct) => PictureObjects.DeleteAsync(services, keys, ct) }, new UserTable("retention", "user_id"), new UserTable("idempotent_answers", "key") { IsExported = false });

        builder.Services.AddOptions<ImageOptions>().BindConfiguration("Image").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<UploadTokens>().AddSingleton<Presigner>();
        builder.Services.AddObjectStore(ImageObjects.Binding).AddSingleton<Media>().AddSingleton<Intake>();
        builder.Services.AddHostedService<ForgetUploads>();

        adjust?.Invoke(builder);
        var app = builder.Build();
        app.UseEco2();
        var images = app.MapGroup("/api/v1/images");
        BeginUpload.Map(images);
        ConfirmUpload.Map(images);
        PutUpload.Map(images);
        PutPicture.Map(images);
        GetPicture.Map(images);
        GetStoredImage.Map(app);
        OnRetentionChanged.Map(app);
        SweepPictures.Map(app);
        app.MapUserData();
        return app;
    }
}
