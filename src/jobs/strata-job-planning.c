/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Asking the planner, off the main thread: gather the host's graph, then let it answer. */

#include "config.h"

#include "host/storage/strata-file-chain.h"
#include "host/storage/strata-storage.h"
#include "strata-job-private.h"
#include "strata-job-queue-private.h"
#include "strata-unfinished-job.h"

typedef struct
{
  StrataConnection *connection;
  StrataRequest *request;
} PlanData;

static void
plan_data_free (gpointer data)
{
  PlanData *plan_data = data;

  g_object_unref (plan_data->connection);
  strata_request_free (plan_data->request);
  g_free (plan_data);
}

/* The image of GRAPH that is the same file as IMAGE */
static StrataImage *
find_twin (StrataGraph *graph, const StrataImage *image)
{
  g_autoptr (GPtrArray) images = strata_graph_get_images (graph);

  for (guint i = 0; image->identity != NULL && i < images->len; i++)
    {
      StrataImage *other = g_ptr_array_index (images, i);

      if (g_strcmp0 (other->identity, image->identity) == 0)
        return other;
    }

  return NULL;
}

/* An image that neither a pool nor a definition names yet: the file of "seal", the disks of "import". FORMAT: (nullable): what
 * is said of it; below a raw one is nothing, whatever a guest wrote into it. */
static void
add_image (StrataGraph *graph, StrataConnection *connection, const char *path, const char *format)
{
  g_auto (StrataFileChain) link = strata_file_chain_begin (path, format);

  while (link.path != NULL && strata_graph_get_image (graph, link.path) == NULL)
    {
      g_autoptr (StrataImage) image = strata_storage_read_image (connection, link.path, NULL);
      StrataImage *twin = image != NULL ? find_twin (graph, image) : NULL;

      if (image == NULL)
        return;

      strata_graph_add_alias (graph, link.path, twin != NULL ? twin->path : image->path);
      if (twin != NULL)
        return;
      strata_file_chain_next (&link, image->backing_path, image->backing_format);
      strata_graph_take_image (graph, g_steal_pointer (&image));
    }
}

static void
add_image_to_seal (StrataGraph *graph, StrataConnection *connection, const StrataRequest *request)
{
  g_autoptr (GPtrArray) disks =
      g_ptr_array_new_with_free_func ((GDestroyNotify) strata_disk_xml_free);
  StrataDiskXml *disk;

  add_image (graph, connection, request->file, request->format);
  if (request->format == NULL)
    return;

  disk = g_new0 (StrataDiskXml, 1);
  disk->type = g_strdup ("file");
  disk->target = g_strdup ("disk");
  disk->source = g_strdup (request->file);
  disk->format = g_strdup (request->format);
  g_ptr_array_add (disks, disk);
  strata_graph_declare_disks (graph, disks, "--format");
}

static void
add_images_of_request (StrataGraph *graph,
                       StrataConnection *connection,
                       const StrataRequest *request)
{
  g_autoptr (StrataDomainXml) definition = NULL;
  g_autoptr (GPtrArray) disks = NULL;
  g_autofree char *by = NULL;

  if (request->kind == STRATA_REQUEST_SEAL_IMAGE)
    add_image_to_seal (graph, connection, request);
  if (request->kind != STRATA_REQUEST_TEMPLATE_IMPORT || request->text == NULL)
    return;

  definition = strata_domain_xml_new_from_string (request->text, NULL);
  if (definition == NULL)
    return; /* the planner says so */

  by = g_strdup_printf ("“%s”", request->file != NULL ? request->file : "XML");
  disks = strata_domain_xml_get_disks (definition);
  for (guint i = 0; i < disks->len; i++)
    {
      StrataDiskXml *disk = g_ptr_array_index (disks, i);

      if (disk->source != NULL)
        add_image (graph, connection, disk->source, disk->format != NULL ? disk->format : "raw");
    }
  strata_graph_declare_disks (graph, disks, by);
}

StrataPlan *
strata_job_plan_now (StrataConnection *connection,
                     const StrataRequest *request,
                     StrataGraph **graph,
                     GCancellable *cancellable,
                     GError **error)
{
  g_autoptr (StrataGraph) seen = strata_connection_gather (connection, cancellable, error);
  StrataPlan *plan;

  if (seen == NULL)
    return NULL;

  add_images_of_request (seen, connection, request);
  plan = strata_plan_request (seen, request, error);
  if (plan != NULL && graph != NULL)
    *graph = g_steal_pointer (&seen);

  return plan;
}

static void
plan_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  PlanData *data = task_data;
  GError *error = NULL;
  StrataPlan *plan =
      strata_job_plan_now (data->connection, data->request, NULL, cancellable, &error);

  /* What a job left half done is not to be built upon. */
  if (plan != NULL && !strata_unfinished_job_check_plan (strata_job_queue_get_journal_dir (source),
                                                         data->connection, plan, &error))
    g_clear_object (&plan);

  if (plan != NULL)
    g_task_return_pointer (task, plan, g_object_unref);
  else
    g_task_return_error (task, error);
}

/**
 * strata_job_queue_plan_async:
 * @self: a queue
 * @connection: the host
 * @request: what is wanted; it is copied
 * @cancellable: (nullable): to give up waiting
 * @callback: called on the caller's context
 * @user_data: for @callback
 *
 * Gathers the host's graph in a worker and lets the planner answer.
 */
void
strata_job_queue_plan_async (StrataJobQueue *self,
                             StrataConnection *connection,
                             const StrataRequest *request,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  PlanData *data = g_new0 (PlanData, 1);

  g_return_if_fail (STRATA_IS_JOB_QUEUE (self));

  data->connection = g_object_ref (connection);
  data->request = strata_request_copy (request);
  g_task_set_source_tag (task, strata_job_queue_plan_async);
  g_task_set_task_data (task, data, plan_data_free);
  g_task_run_in_thread (task, plan_in_thread);
}

StrataPlan *
strata_job_queue_plan_finish (StrataJobQueue *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
