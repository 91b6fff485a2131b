using System.Diagnostics.Metrics;
using Eco2.Worker.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Eco2.Worker.Tests.Models;

internal static class Meters
{
    internal static ModelMeter Create(ModelOptions? options = null) =>
        new(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>(), Options.Create(options ?? new ModelOptions()));
}
