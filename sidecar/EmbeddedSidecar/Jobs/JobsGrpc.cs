using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Grpc;

namespace EmbeddedSidecar.Jobs;

/// <summary>Jobs over gRPC: the stable methods and those of before 1.18.</summary>
internal static class JobsGrpc
{
    private const string Service = "/dapr.proto.runtime.v1.Dapr/";

    public static void Map(GrpcRoutes routes)
    {
        foreach (var version in (string[])["", "Alpha1"])
        {
            routes.MapUnary(Service + "ScheduleJob" + version, ScheduleJobRequest.Parser, async (call, request) =>
            {
                await JobsApi.ScheduleAsync(call.App, request.Job, request.Overwrite, call.Aborted);
                return new ScheduleJobResponse();
            });
            routes.MapUnary(Service + "GetJob" + version, GetJobRequest.Parser, async (call, request) =>
                new GetJobResponse { Job = await JobsApi.GetAsync(call.App, request.Name, call.Aborted) });
            routes.MapUnary(Service + "DeleteJob" + version, DeleteJobRequest.Parser, async (call, request) =>
            {
                await JobsApi.DeleteAsync(call.App, request.Name, call.Aborted);
                return new DeleteJobResponse();
            });

            // The messages of the older forms are named ...Alpha1 and have the same fields.
            routes.MapUnary(Service + "ListJobs" + version, ListJobsRequest.Parser, async (call, _) =>
                new ListJobsResponse { Jobs = { await JobsApi.ListAsync(call.App, call.Aborted) } });
            routes.MapUnary(Service + "DeleteJobsByPrefix" + version, DeleteJobsByPrefixRequest.Parser, async (call, request) =>
            {
                await JobsApi.DeleteByPrefixAsync(call.App, request.NamePrefix, call.Aborted);
                return new DeleteJobsByPrefixResponse();
            });
        }
    }
}
