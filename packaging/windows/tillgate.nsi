; The Windows installer, for NSIS 3: makensis -DVERSION=... -DPAYLOAD=FOLDER -DOUTPUT=FILE tillgate.nsi
; PAYLOAD is the folder with tillgate.exe that build.py makes on Windows.
; A till's books are in the user's own folders: neither installing nor removing touches them.

!ifndef VERSION | PAYLOAD | OUTPUT
  !error "VERSION, PAYLOAD and OUTPUT must be given"
!endif

Unicode true
ManifestDPIAware true
SetCompressor /SOLID lzma
RequestExecutionLevel admin

!include "MUI2.nsh"
!include "FileFunc.nsh"
!include "LogicLib.nsh"
!include "x64.nsh"

!define ENTRY "Software\Microsoft\Windows\CurrentVersion\Uninstall\Tillgate"

Name "Tillgate"
OutFile "${OUTPUT}"
InstallDir "$PROGRAMFILES64\Tillgate"
InstallDirRegKey HKLM "${ENTRY}" "InstallLocation"

!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!define MUI_FINISHPAGE_RUN "$WINDIR\explorer.exe" ; starts it without the installer's rights
!define MUI_FINISHPAGE_RUN_PARAMETERS "$INSTDIR\tillgate.exe"
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "Spanish"
!insertmacro MUI_LANGUAGE "Indonesian"

Function .onInit
  ${IfNot} ${RunningX64}
    MessageBox MB_ICONSTOP "Tillgate needs a 64-bit Windows." /SD IDOK
    Abort
  ${EndIf}
  SetRegView 64
FunctionEnd

Function un.onInit
  SetRegView 64
FunctionEnd

Section "Tillgate"
  SetShellVarContext all
  ; Modules of an older version must not be found beside the new ones.
  RMDir /r "$INSTDIR\_internal"
  SetOutPath "$INSTDIR"
  File /r "${PAYLOAD}/*"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\Tillgate.lnk" "$INSTDIR\tillgate.exe" "run"

  WriteRegStr HKLM "${ENTRY}" "DisplayName" "Tillgate"
  WriteRegStr HKLM "${ENTRY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKLM "${ENTRY}" "DisplayIcon" "$INSTDIR\tillgate.exe"
  WriteRegStr HKLM "${ENTRY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKLM "${ENTRY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKLM "${ENTRY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKLM "${ENTRY}" "NoModify" 1
  WriteRegDWORD HKLM "${ENTRY}" "NoRepair" 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  IntFmt $0 "0x%08X" $0
  WriteRegDWORD HKLM "${ENTRY}" "EstimatedSize" "$0"
SectionEnd

Section "Uninstall"
  SetShellVarContext all
  Delete "$SMPROGRAMS\Tillgate.lnk"
  ; Only what was installed: the folder may have been chosen, and hold other things.
  RMDir /r "$INSTDIR\_internal"
  Delete "$INSTDIR\tillgate.exe"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  DeleteRegKey HKLM "${ENTRY}"
SectionEnd
