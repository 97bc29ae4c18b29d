# Stands where hosts look for QEMU, and starts it with 8 KiB less memory than libvirt asked for.
# QEMU before 9.0 loses what an emulated guest writes while it moves, unless its memory is no whole number of 256 KiB:
# the quick way to read 64 pages' dirty bits at once leaves the processor's TLB as it was, so that the next writes to
# those pages are not seen ("physmem: Fix migration dirty bitmap coherency with TCG memory access"). Guests then run on
# with an older page, and now and then hang in their own kernel. libvirt gives whole MiB only; QEMU wants whole 8 KiB.
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;

use constant LESS_KIB => 8;

my $after = '';
for my $word (@ARGV) {
    if ($after eq '-m') {
        $word =~ s/^(?:size=)?(\d+)(k?)(?=,|$)/'size=' . ($1 * ($2 ? 1 : 1024) - LESS_KIB) . 'k'/e;
    } elsif ($after eq '-object') {
        $word =~ s/("id":"pc\.ram",.*"size":)(\d+)/$1 . ($2 - LESS_KIB * 1024)/e;
    }
    $after = $word;
}
exec {'/usr/bin/qemu-system-x86_64_packaged'} '/usr/bin/qemu-system-x86_64', @ARGV
    or die "qemu-system-x86_64_packaged: $!\n";
