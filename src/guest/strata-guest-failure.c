/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From libguestfs' and virt-sysprep's words to the program's own codes. They have no codes, so their
 * text is all there is to go by; supermin's and QEMU's reasons are only in the verbose log. Pure.
 */

#include "config.h"

#include "strata-guest-failure.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct
{
  const char *words;
  const char *and_words;
  StrataError code;
} Rule;

/* The first rule whose words all occur decides. The rules are about the log's tail too, where an early
 * line may be harmless, so the words are those of the failure itself. */
static const Rule rules[] = {
  { "Failed to get", "lock", STRATA_ERROR_BUSY },
  { "Is another process using the image", NULL, STRATA_ERROR_BUSY },
  { "/vmlinu", "Permission denied", STRATA_ERROR_KERNEL_UNREADABLE },
  { "no operating systems were found", NULL, STRATA_ERROR_NO_OS },
  { "no operating system was found", NULL, STRATA_ERROR_NO_OS },
  { "No space left on device", NULL, STRATA_ERROR_NO_SPACE },
  { "supermin exited with error status", NULL, STRATA_ERROR_NO_APPLIANCE },
  { "cannot find any suitable libguestfs", NULL, STRATA_ERROR_NO_APPLIANCE },
  { "guestfs_launch failed", NULL, STRATA_ERROR_NO_APPLIANCE },
  { "appliance closed the connection unexpectedly", NULL, STRATA_ERROR_NO_APPLIANCE },
  { "child process died unexpectedly", NULL, STRATA_ERROR_NO_APPLIANCE },
};

static gboolean
occurs (const char *words, const char *message, const char *log)
{
  return strstr (message, words) != NULL || (log != NULL && strstr (log, words) != NULL);
}

/* One line has both: “Permission denied” somewhere else in the log says nothing about the kernel. */
static gboolean
occur_in_line (const char *text, const char *words, const char *and_words)
{
  g_auto (GStrv) lines = NULL;

  if (text == NULL || strstr (text, words) == NULL)
    return FALSE;

  lines = g_strsplit (text, "\n", -1);
  for (size_t i = 0; lines[i] != NULL; i++)
    {
      if (strstr (lines[i], words) != NULL && strstr (lines[i], and_words) != NULL)
        return TRUE;
    }

  return FALSE;
}

/**
 * strata_guest_failure_hint:
 * @code: what kind of failure
 *
 * Returns: (nullable): a sentence that says what the user can do
 */
const char *
strata_guest_failure_hint (StrataError code)
{
  switch (code)
    {
    case STRATA_ERROR_BUSY:
      return _ ("Shut down the virtual machine that uses the disk, then try again.");
    case STRATA_ERROR_KERNEL_UNREADABLE:
      return _ (
          "Run “sudo chmod 0644 /boot/vmlinuz-*”. To keep it so for kernels installed later, add "
          "“dpkg-statoverride --update --add root root 0644 /boot/vmlinuz-VERSION” for each.");
    case STRATA_ERROR_NO_TOOL:
      return _ (
          "Install it: “sudo apt install guestfs-tools” on Debian and Ubuntu, “sudo dnf install "
          "guestfs-tools” on Fedora and RHEL.");
    case STRATA_ERROR_NO_APPLIANCE:
      return _ ("Run “libguestfs-test-tool”, which shows what is wrong.");
    case STRATA_ERROR_NO_SPACE:
      return _ ("Free some space in /tmp, /var/tmp and where the disk is, then try again.");
    case STRATA_ERROR_WINDOWS:
    case STRATA_ERROR_NO_OS:
      return _ ("You can make a template of it without sealing.");
    default:
      return NULL;
    }
}

/**
 * strata_guest_failure_classify:
 * @message: what libguestfs or virt-sysprep gave as its error
 * @log: (nullable): the last lines of its log
 * @launching: the appliance was not up yet
 * @hint: (out) (transfer full) (nullable): what the user can do
 *
 * Any thread.
 *
 * Returns: the code that the program branches on
 */
StrataError
strata_guest_failure_classify (const char *message,
                               const char *log,
                               gboolean launching,
                               char **hint)
{
  StrataError code = launching ? STRATA_ERROR_NO_APPLIANCE : STRATA_ERROR_FAILED;

  g_return_val_if_fail (message != NULL, code);

  for (size_t i = 0; i < G_N_ELEMENTS (rules); i++)
    {
      const Rule *rule = &rules[i];
      gboolean matches;

      if (rule->and_words == NULL)
        matches = occurs (rule->words, message, NULL);
      else
        matches = occur_in_line (message, rule->words, rule->and_words) ||
                  occur_in_line (log, rule->words, rule->and_words);

      if (!matches && rule->code == STRATA_ERROR_NO_SPACE)
        matches = occurs (rule->words, message, log);

      if (matches)
        {
          code = rule->code;
          break;
        }
    }

  if (hint != NULL)
    *hint = g_strdup (strata_guest_failure_hint (code));

  return code;
}
