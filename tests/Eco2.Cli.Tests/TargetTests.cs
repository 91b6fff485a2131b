using Eco2.Cli.Machine;
using Eco2.Cli.Up;
using Xunit;

namespace Eco2.Cli.Tests;

public sealed class TargetTests
{
    [Fact]
    public void A_target_gets_the_servers_that_its_components_refer_to()
    {
        var redis = Target.Find(new Workspace(), "redis");
        var rabbitMq = Target.Find(new Workspace(), "rabbitmq");

        Assert.Equal((true, false, false), (redis.WantsRedis, redis.WantsRabbitMq, redis.WantsStateDatabase));
        Assert.Equal((false, true, true), (rabbitMq.WantsRedis, rabbitMq.WantsRabbitMq, rabbitMq.WantsStateDatabase));
        Assert.Equal([Tool.RabbitMq], rabbitMq.Tools);
    }

    [Fact]
    public void A_target_may_be_any_folder()
    {
        var folder = Directory.CreateTempSubdirectory("target-");
        File.WriteAllText(Path.Combine(folder.FullName, "state.yaml"), "spec: { metadata: [ { name: redisHost, envRef: ECO2_REDIS_HOST } ] }");

        var target = Target.Find(new Workspace(), folder.FullName);

        Assert.Equal(folder.FullName, target.Folder);
        Assert.True(target.WantsRedis);
        Assert.False(target.WantsRabbitMq);
        folder.Delete(recursive: true);
    }
}
