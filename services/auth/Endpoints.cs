using Eco2.Auth.Accounts;
using Eco2.Auth.ApiKeys;
using Eco2.Auth.Edge;
using Eco2.Auth.Issuers;
using Eco2.Auth.Keys;
using Eco2.Auth.Privacy;
using Eco2.Auth.Providers;
using Eco2.Auth.SecondFactor;
using Eco2.Auth.Sessions;

namespace Eco2.Auth;

/// <summary>Everything that can be asked of this app.</summary>
internal static class Endpoints
{
    public static void Map(WebApplication app)
    {
        var auth = app.MapGroup("/api/v1/auth");
        SignUp.Map(auth);
        SignIn.Map(auth);
        AnswerChallenge.Map(auth);
        ShowAccount.Map(auth);
        VerifyEmail.Map(auth);
        ForgotPassword.Map(auth);
        ResetPassword.Map(auth);
        ChangePassword.Map(auth);
        EnableTotp.Map(auth);
        DisableTotp.Map(auth);
        RenewBackupCodes.Map(auth);
        RefreshSession.Map(auth);
        SignOut.Map(auth);
        ListSessions.Map(auth);
        EndOwnSession.Map(auth);
        CreateKey.Map(auth);
        ListKeys.Map(auth);
        RevokeKey.Map(auth);
        TellNickname.Map(app);
        CheckKey.Map(app);
        ProviderRoutes.Map(auth);
        FindSubject.Map(app);
        RotateKeys.Map(auth);
        PublishKeys.Map(app);
        RevokedSessions.Map(app);
        AccountData.Map(app);
        ExtAuthz.Map(app);
    }
}
