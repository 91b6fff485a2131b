using System.CommandLine;

namespace Eco2.LoadGenerator;

/// <summary>Many users who scan.</summary>
internal static class LoadCommand
{
    public static Command Create()
    {
        var url = new Option<string[]>("--url") { Description = "Address of a gateway; several for several replicas.", Required = true, AllowMultipleArgumentsPerToken = true };
        var model = new Option<string>("--model-control") { Description = "Address of the model stand-in.", Required = true };
        var users = new Option<int>("--users") { Description = "Users in a closed loop.", DefaultValueFactory = _ => 250 };
        var rate = new Option<double?>("--rate") { Description = "Submits a second instead of a closed loop." };
        var perAccount = new Option<int>("--jobs-per-account") { Description = "Users that share an account.", DefaultValueFactory = _ => 4 };
        var warmUp = new Option<double>("--warm-up") { Description = "Seconds between the last user's start and the window.", DefaultValueFactory = _ => 20 };
        var duration = new Option<double>("--duration") { Description = "Seconds of the measured window.", DefaultValueFactory = _ => 120 };
        var drain = new Option<double>("--drain") { Description = "Seconds that jobs under way may take after the window.", DefaultValueFactory = _ => 120 };
        var startOver = new Option<double>("--start-over") { Description = "Seconds over which the users start.", DefaultValueFactory = _ => 11.7 };
        var cut = new Option<double>("--cut") { Description = "Chance after each event that a client cuts its connection." };
        var perUser = new Option<int>("--pictures-per-account") { Description = "Different pictures of an account.", DefaultValueFactory = _ => 2 };
        var prepare = new Option<bool>("--prepare-only") { Description = "End when accounts and pictures are there." };
        var cold = new Option<bool>("--cold") { Description = "Begin before the system runs, with the accounts of an earlier run." };
        var pictures = new Option<string>("--pictures") { Description = "Folder with *.jpg.", Required = true };
        var accounts = new Option<string>("--accounts") { Description = "File that keeps the accounts.", Required = true };
        var result = new Option<string>("--out") { Description = "File for the report.", Required = true };
        var command = new Command("load", "Scans as many users do, and checks that no promise was broken.")
        {
            url, model, users, rate, perAccount, warmUp, duration, drain, startOver, cut, perUser, prepare, cold, pictures, accounts, result,
        };
        command.SetAction(async (parse, ct) =>
        {
            TimeSpan Seconds(Option<double> option) => TimeSpan.FromSeconds(parse.GetValue(option));
            var options = new LoadOptions(
                [.. parse.GetValue(url)!.Select(address => new Uri(address))],
                new Uri(parse.GetValue(model)!),
                parse.GetValue(rate) is null ? parse.GetValue(users) : 0,
                parse.GetValue(rate),
                parse.GetValue(perAccount),
                Seconds(warmUp),
                Seconds(duration),
                Seconds(drain),
                Seconds(startOver),
                parse.GetValue(cut),
                parse.GetValue(perUser),
                parse.GetValue(prepare),
                parse.GetValue(cold),
                parse.GetValue(pictures)!,
                parse.GetValue(accounts)!,
                parse.GetValue(result)!);
            return await new LoadRun(options, TimeProvider.System).RunAsync(ct) ? 0 : 1;
        });
        return command;
    }
}
