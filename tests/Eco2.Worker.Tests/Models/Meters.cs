using System.Diagnostics.Metrics;
using Eco2.Worker.Models;
using Microsoft.Extensions.DependencyInjection;

namespace Eco2.Worker.Tests.Models;

internal static class Meters
{
    internal static ModelMeter Create() => new(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>());
}
